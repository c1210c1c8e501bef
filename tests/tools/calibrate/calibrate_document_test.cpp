// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/tools/format/hostile_text.h"
#include "tools/calibrate/calibrate.h"
#include "tools/published/reproduce.h"

namespace uprobesim {

TEST_CASE("a fit is told by its mean deviation and its worst row", "[tools][calibrate]") {
    Fit fit;
    fit.machine = "m1";
    fit.rows = {{"t", "a", 100, 101, 0.01, 0.02, ""}, {"t", "b", 100, 103, -0.03, -0.04, ""}};
    const std::string text = document_text(calibrate_document(fit));
    CHECK(text.starts_with(
        "mean deviation 2.00 % of 2 published rows; the worst is t/b with -3.0 %\n"));
    CHECK(text.find("t/b") < text.find("t/a"));
}

TEST_CASE("a fit that has not converged is told before its figures", "[tools][calibrate]") {
    Fit fit;
    fit.machine = "m1";
    fit.rows = {{"t", "a", 100, 101, 0.01, 0.02, ""}};
    FittedParameter one{"machine.kernel-cpi", 1, 80, 78, false, 0.9, 0.9, "t/a", "", 0};
    one.unsettled = true;
    fit.parameters = {one};
    CHECK(document_text(calibrate_document(fit)).starts_with("the fit has not converged"));
}

TEST_CASE("a fit of one's own rows is told without an abbreviation", "[tools][calibrate]") {
    // The names of docs/your-machine.md, with one parameter and with the two that 6.13 tells apart.
    Fit fit;
    fit.machine = "neoverse-n1";
    fit.measured = true;
    fit.tables = {"bench"};
    fit.rows = {{"bench", "uretprobe-push", 100, 101, 0.01, 0.02, ""}};
    FittedParameter one{"machine.kernel-cpi",  0.475, 0.4751, 0.002, false, 0.56, 0.62,
                        "bench/uretprobe-ret", "",    0};
    fit.parameters = {one};
    const std::string alone = document_text(calibrate_document(fit));
    CHECK(alone.find("...") == std::string::npos);
    CHECK(alone.find("bench/uretprobe-ret") != std::string::npos);
    CHECK(alone.find("correlated") == std::string::npos);
    CHECK(document_csv(calibrate_document(fit)).find("most correlated with") != std::string::npos);
    one.tied_to = "machine.ops.mdscr-write";
    one.correlation = -0.95;
    fit.parameters = {one, one};
    const std::string both = document_text(calibrate_document(fit));
    CHECK(both.find("...") == std::string::npos);
    CHECK(both.find("most correlated with (r)") != std::string::npos);
    CHECK(both.find("machine.ops.mdscr-write (-0.95)") != std::string::npos);
}

TEST_CASE("published reports fit, whatever their rows name", "[tools][calibrate][reproduce]") {
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        INFO(seed);
        HostileNames names(seed);
        Fit fit;
        fit.machine = names.name();
        Reproduction all;
        for (int i = 0; i < 3; ++i) {
            fit.parameters.push_back(
                {names.name(), 1, 2, 3, false, 0.1, 0.2, names.name(), names.name(), 0.5});
            fit.rows.push_back({names.name(), names.name(), 1, 2, 0.5, 0.5, names.name()});
            PublishedTable published;
            published.id = names.name();
            published.title = names.name();
            published.source = names.name();
            published.kernel = names.name();
            published.left_out = names.name();
            fit.not_used.push_back(published);
            all.tables.push_back({published, 1e9, {}});
            ReproducedRow row;
            row.published.name = names.name();
            row.published.value = 1;
            row.simulated = 2;
            all.tables.back().rows.push_back(row);
            all.programs.push_back({published, {{names.name(), 1, names.name(), 2, 3}}, {}});
            all.programs.push_back({published, {}, {{names.name(), 1, 2, 3}}});
            all.programs.push_back({published, {}, {}});
            all.claims.push_back({names.name(), names.name(), names.name(), names.name()});
        }
        check_text_fits(calibrate_document(fit));
        check_text_fits(reproduce_document(all));
        csv_fields(document_csv(calibrate_document(fit)));
        csv_fields(document_csv(reproduce_document(all)));
    }
}

}  // namespace uprobesim
