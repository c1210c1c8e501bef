// SPDX-License-Identifier: GPL-2.0-or-later
// A machine that nobody knows, its rows with the noise of a real benchmark: what the fit says of
// it.
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/base/entropy.h"
#include "sim/profile/machine_profile.h"
#include "tools/bench/trigger_programs.h"
#include "tools/calibrate/calibrate.h"
#include "tools/calibrate/fitted_profile.h"
#include "tools/model/machine_text.h"
#include "tools/published/reproduce.h"

namespace uprobesim {
namespace {

const std::vector<Setting> kHidden = {{"machine.frequency", "2.2e9"},
                                      {"machine.kernel-cpi", "1.31"},
                                      {"machine.slot-refetch-per-core", "55"},
                                      {"machine.ops.mdscr-write", "120"}};

// The benchmark's rows on the hidden machine; each differs by what a normal distribution with
// `noise` says.
PublishedTable rows_of(const std::string& kernel, double noise, std::uint32_t seed,
                       const std::vector<std::string>& variants = {
                           "uprobe-nop", "uprobe-push", "uprobe-ret", "uretprobe-nop",
                           "uretprobe-push", "uretprobe-ret"}) {
    PublishedTable table;
    table.id = kernel;
    table.machine = "generic-a72";
    table.kernel = kernel;
    table.unit = "M/s";
    table.fit = true;
    for (const std::string& variant : variants) table.rows.push_back({variant, 1, {}, "", {}});
    PublishedTable hidden = table;
    hidden.settings = kHidden;
    const auto simulated = reproduce_table(hidden);
    if (!simulated) FAIL(simulated.error().line());
    Entropy random(seed);
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        // Irwin and Hall: the sum of 12 numbers of [0, 1) less 6.
        double normal = -6;
        for (int i = 0; i < 12; ++i)
            normal += static_cast<double>(random.next() >> 32) / 4294967296.0;
        table.rows[r].value = simulated->rows[r].simulated * (1 + noise * normal);
    }
    return table;
}

FitRequest request(std::vector<std::string> free, bool choose) {
    FitRequest request;
    request.machine = "generic-a72";
    request.settings = {{"machine.frequency", "2.2e9"}};
    request.free = std::move(free);
    request.choose = choose;
    return request;
}

const std::vector<std::string> kCandidates = {"machine.kernel-cpi", "machine.slot-refetch-per-core",
                                              "machine.ops.mdscr-write",
                                              "machine.exception-return"};

}  // namespace

TEST_CASE("a hidden machine is found within the errors that the fit states", "[tools][calibrate]") {
    if (trigger_programs().empty()) return;
    const double hidden[] = {1.31, 55, 120};
    int within_one = 0, within_two = 0, all = 0;
    for (std::uint32_t seed = 1; seed <= 12; ++seed) {
        const auto done = fit({rows_of("v6.12", 0.005, seed), rows_of("v6.13", 0.005, seed + 100)},
                              request(kCandidates, true));
        if (!done) FAIL(done.error().line());
        REQUIRE(done->parameters.size() == 3);
        for (std::size_t p = 0; p < 3; ++p) {
            const FittedParameter& one = done->parameters[p];
            CHECK(one.key == kCandidates[p]);
            const double errors = std::fabs(one.value - hidden[p]) / one.standard_error;
            within_one += errors <= 1 ? 1 : 0;
            within_two += errors <= 2 ? 1 : 0;
            ++all;
            CHECK(errors < 4.5);
        }
    }
    // Of errors that are what they say, 68 % are within one and 95 % within two; Student's t of 9
    // degrees of freedom has 66 % and 92 %. Three binomial deviations of 36 are 24 % and 14 %.
    CHECK(within_one > all * 42 / 100);
    CHECK(within_two > all * 78 / 100);
}

TEST_CASE("what rows do not tell is left out, and the row that would tell it is named",
          "[tools][calibrate]") {
    if (trigger_programs().empty()) return;
    // 6.12 synchronises the slot at every stepped hit: the two costs of a step always come
    // together.
    auto rows = std::vector{rows_of("v6.12", 0, 1)};
    const auto first = fit(rows, request(kCandidates, true));
    if (!first) FAIL(first.error().line());
    REQUIRE(first->untold.size() == 2);
    CHECK(first->untold[0].key == "machine.ops.mdscr-write");
    CHECK(first->untold[0].measure == "uprobe-push on v6.13");
    CHECK(first->untold[1].key == "machine.exception-return");
    // Asked for, they are refused with the same row; and with that row they are fitted.
    const auto asked = request(
        {"machine.kernel-cpi", "machine.slot-refetch-per-core", "machine.ops.mdscr-write"}, false);
    const auto refused = fit(rows, asked);
    REQUIRE_FALSE(refused.has_value());
    CHECK_THAT(refused.error().line(), Catch::Contains("machine.ops.mdscr-write") &&
                                           Catch::Contains("uprobe-push on v6.13"));
    rows.push_back(rows_of("v6.13", 0, 1, {"uprobe-push"}));
    const auto done = fit(rows, asked);
    if (!done) FAIL(done.error().line());
    CHECK(done->parameters[1].value == Approx(55).epsilon(0.01));
    CHECK(done->parameters[2].value == Approx(120).epsilon(0.01));
}

TEST_CASE("the profile that a fit writes is whole and keeps what was given", "[tools][calibrate]") {
    if (trigger_programs().empty()) return;
    const auto done = fit({rows_of("v6.12", 0, 1), rows_of("v6.13", 0, 1)},
                          request({"machine.kernel-cpi"}, false));
    if (!done) FAIL(done.error().line());
    const auto text = fitted_profile(*done, "my-server");
    if (!text) FAIL(text.error().line());
    const auto read = parse_machine_profile(*text, "my-server.toml", {});
    if (!read) FAIL(read.error().line());
    CHECK(read->name == "my-server");
    CHECK(read->frequency_hz.value == 2.2e9);
    CHECK_THAT(*text, Catch::Contains("\nbased-on = \"generic-a72\"\n"));
    const auto base = load_machine_profile("generic-a72", {});
    REQUIRE(base.has_value());
    for (const auto& [key, figure] : base->figures) {
        INFO(key);
        if (key == "frequency" || key == "kernel-cpi") continue;
        CHECK(read->figures.at(key).value == figure.value);
        CHECK(read->figures.at(key).source == figure.source);
        CHECK(text->find("\n" + (key.starts_with("ops.") ? key.substr(4) : key) + " = {") !=
              std::string::npos);
    }
}

TEST_CASE("what is given to a fit has the narrowest range, and a file's line is named",
          "[tools][calibrate]") {
    if (trigger_programs().empty()) return;
    FitRequest given = request({"machine.kernel-cpi"}, false);
    given.stated = {{"machine.frequency", "bench.txt:2"}};
    given.settings.push_back({"machine.debug-trap", "1400"});
    given.settings.push_back({"machine.isa.bhb-iterations", "24"});
    given.settings.push_back({"machine.isa.features", "crc32,lse"});
    const auto done = fit({rows_of("v6.12", 0, 1)}, given);
    if (!done) FAIL(done.error().line());
    const auto text = fitted_profile(*done, "my-server");
    if (!text) FAIL(text.error().line());
    const auto read = parse_machine_profile(*text, "my-server.toml", {});
    if (!read) FAIL(read.error().line());
    CHECK(read->frequency_hz.source == "measured: bench.txt:2");
    CHECK(read->frequency_hz.confidence == Confidence::High);
    CHECK(read->debug_trap.value == 1400);
    CHECK(read->debug_trap.source == "given: --set");
    CHECK(read->debug_trap.confidence == Confidence::High);
    CHECK(read->isa.bhb_iterations.value == 24);
    CHECK(read->isa.bhb_iterations.confidence == Confidence::High);
    CHECK(isa_names(read->isa.features) == std::vector<std::string>{"crc32", "lse"});
    // What was not given keeps what the profile says of it.
    const auto base = load_machine_profile("generic-a72", {});
    REQUIRE(base.has_value());
    CHECK(read->exception_entry.confidence == base->exception_entry.confidence);
    CHECK(read->exception_entry.source == base->exception_entry.source);
}

TEST_CASE("a profile begun from another keeps how its CPUs wait for each other",
          "[tools][calibrate]") {
    const std::vector<Setting> set = {{"machine.contention.jitter", "0.25"}};
    auto machine = load_machine_profile("kunpeng916", set);
    REQUIRE(machine.has_value());
    mark_given(*machine, set);
    const auto alone = parse_machine_profile(machine_text(*machine, "", "a head"), "a.toml", {});
    if (!alone) FAIL(alone.error().line());
    const auto based =
        parse_machine_profile(machine_text(*machine, "kunpeng916", "a head"), "b.toml", {});
    if (!based) FAIL(based.error().line());
    const auto whole = load_machine_profile("kunpeng916", {});
    REQUIRE(whole.has_value());
    for (const auto& read : {*alone, *based}) {
        REQUIRE(read.contention.has_value());
        CHECK(read.contention->jitter.value == 0.25);
        CHECK(read.contention->jitter.confidence == Confidence::High);
        CHECK(read.contention->transfer.back().value == whole->contention->transfer.back().value);
        CHECK(read.isa.features == whole->isa.features);
    }
}

TEST_CASE("a fit that has not converged is no profile", "[tools][calibrate]") {
    if (trigger_programs().empty()) return;
    const auto settled = fit({rows_of("v6.12", 0, 1), rows_of("v6.13", 0, 1)},
                             request({"machine.kernel-cpi"}, false));
    if (!settled) FAIL(settled.error().line());
    CHECK(settled->check_settled().has_value());
    // Hits of a minute each, which no start near a real machine leads to in a few rounds.
    auto rows = rows_of("v6.12", 0, 1);
    for (PublishedRow& row : rows.rows) row.value *= 1e-8;
    const auto far = fit({rows}, request({"machine.kernel-cpi"}, false));
    if (!far) FAIL(far.error().line());
    REQUIRE_FALSE(far->check_settled().has_value());
    CHECK_THAT(far->check_settled().error().line(),
               Catch::Contains("machine.kernel-cpi has not converged") &&
                   Catch::Contains("--set machine.kernel-cpi=VALUE"));
}

}  // namespace uprobesim
