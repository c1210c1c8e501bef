// SPDX-License-Identifier: GPL-2.0-or-later
// Rows computed from a machine with known parameters: fitting must find these again.
#include "tools/calibrate/calibrate.h"

#include <catch2/catch.hpp>

#include "sim/profile/machine_profile.h"
#include "tools/bench/trigger_programs.h"
#include "tools/calibrate/fitted_profile.h"
#include "tools/format/document_writers.h"
#include "tools/published/reproduce.h"

namespace uprobesim {
namespace {

std::vector<PublishedTable> built_in() {
    auto tables = load_published("linux-arm-kernel-2024");
    if (!tables) FAIL(tables.error().line());
    return *tables;
}

// The tables that are fitted, with the rates another machine would have.
std::vector<PublishedTable> rows_of(const std::vector<Setting>& other_machine) {
    std::vector<PublishedTable> tables;
    for (PublishedTable table : built_in()) {
        if (!table.fit || table.machine != "kunpeng916") continue;
        PublishedTable there = table;
        there.settings.insert(there.settings.end(), other_machine.begin(), other_machine.end());
        const auto simulated = reproduce_table(there);
        if (!simulated) FAIL(simulated.error().line());
        for (std::size_t r = 0; r < table.rows.size(); ++r)
            table.rows[r].value = simulated->rows[r].simulated;
        tables.push_back(std::move(table));
    }
    return tables;
}

const FittedParameter& parameter(const Fit& fit, std::string_view key) {
    for (const FittedParameter& p : fit.parameters) {
        if (p.key == key) return p;
    }
    FAIL(key);
    return fit.parameters.front();
}

}  // namespace

TEST_CASE("a fit finds the figures that the rows were made with", "[tools][calibrate]") {
    if (trigger_programs().empty()) return;
    const auto rows = rows_of({{"machine.kernel-cpi", "1.3"},
                               {"machine.ops.mdscr-write", "300"},
                               {"machine.ops.slot-refetch", "500"}});
    FitRequest request;
    request.machine = "kunpeng916";
    request.free = {"machine.kernel-cpi", "machine.ops.mdscr-write", "machine.ops.slot-refetch"};
    const auto done = fit(rows, request);
    if (!done) FAIL(done.error().line());
    CHECK(done->rows.size() == 38);
    CHECK(parameter(*done, "machine.kernel-cpi").value == Approx(1.3).epsilon(1e-3));
    CHECK(parameter(*done, "machine.ops.mdscr-write").value == Approx(300).epsilon(1e-2));
    CHECK(parameter(*done, "machine.ops.slot-refetch").value == Approx(500).epsilon(1e-2));
    CHECK(done->mean_deviation() < 1e-4);
    CHECK(done->worst_left_out() < 1e-3);
    const auto profile = fitted_profile(*done, "fitted");
    REQUIRE(profile.has_value());
    const auto read = parse_machine_profile(*profile, "fitted.toml", {});
    if (!read) FAIL(read.error().line());
    CHECK(read->kernel_cpi.value == Approx(1.3).epsilon(1e-3));
    CHECK(read->kernel_cpi.source.starts_with("fitted: 37 rows"));
}

TEST_CASE("what cannot be fitted is refused", "[tools][calibrate]") {
    if (trigger_programs().empty()) return;
    FitRequest request;
    request.machine = "kunpeng916";
    const auto refusal = [&] {
        const auto done = fit(built_in(), request);
        return done ? std::string("no refusal") : done.error().line();
    };
    request.free = {"machine.nosuch"};
    CHECK_THAT(refusal(), Catch::Contains("machine.nosuch"));
    request.free = {"machine.kernel-cpi"};
    request.tables = {"nosuch"};
    CHECK_THAT(refusal(), Catch::Contains("nosuch"));
    request.tables = {"app-grep"};
    CHECK_THAT(refusal(), Catch::Contains("app-grep"));
    request.tables = {"next-20241104-sim-stp-copy_to_user"};
    request.free = {"machine.kernel-cpi", "machine.exception-return"};
    CHECK_THAT(refusal(), Catch::Contains("2 rows cannot fit 2 parameters"));
}

TEST_CASE("the published rows are those of the thread", "[tools][reproduce]") {
    const auto tables = built_in();
    std::size_t benchmark = 0, fitted = 0, outside = 0;
    for (const PublishedTable& table : tables) {
        benchmark += table.is_benchmark() ? table.rows.size() : 0;
        fitted += table.fit && table.machine == "kunpeng916" ? table.rows.size() : 0;
        outside += table.outside_thread ? table.rows.size() : 0;
    }
    CHECK(benchmark == 68);
    CHECK(fitted == 38);
    CHECK(outside == 26);
}

TEST_CASE("one table is reproduced alone, and an unknown one is refused", "[tools][reproduce]") {
    if (trigger_programs().empty()) return;
    const auto one = reproduce(built_in(), "next-20241104-sim-stp");
    REQUIRE(one.has_value());
    REQUIRE(one->tables.size() == 1);
    REQUIRE(one->tables[0].rows.size() == 6);
    // As posted.
    CHECK(one->tables[0].row("uprobe-push")->published.value == 1.411);
    const std::string csv = document_csv(reproduce_document(*one));
    CHECK(std::count(csv.begin(), csv.end(), '\n') == 7);
    CHECK_FALSE(reproduce(built_in(), "nosuch").has_value());
}

}  // namespace uprobesim
