// SPDX-License-Identifier: GPL-2.0-or-later
// A saved run at other prices against the same program run at those prices. Encodings are the GNU
// assembler's.
#include "tools/whatif/whatif.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/tools/format/hostile_text.h"
#include "tests/tools/simulation/tiny_guest.h"
#include "tools/format/document_writers.h"
#include "tools/report/report_read.h"
#include "tools/simulation/guest_streams.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {
namespace {

using Catch::Matchers::Contains;

// write(1, pc, 120), write(1, pc, 7), nop, stp x29, x30, [sp, #-16]!, exit_group(0); data past the
// code.
const std::vector<std::uint32_t> kProgram{
    0xd2800020, 0x10000001, 0xd2800f02, 0xd2800808, 0xd4000001, 0xd2800020, 0xd28000e2,
    0xd4000001, 0xd503201f, 0xa9bf7bfd, 0xd2800000, 0xd2800bc8, 0xd4000001};
// clock_gettime(1, sp - 16), exit_group(0)
const std::vector<std::uint32_t> kClockProgram{0xd2800020, 0xd10043ff, 0x910003e1, 0xd2800e28,
                                               0xd4000001, 0xd2800000, 0xd2800bc8, 0xd4000001};
// mrs x0, cntvct_el0, exit_group(0)
const std::vector<std::uint32_t> kCounterProgram{0xd53be040, 0xd2800000, 0xd2800bc8, 0xd4000001};

// 33 million rounds of subs x1, x1, #1 and b.ne: some ticks long; exit_group(0)
const std::vector<std::uint32_t> kLongProgram{0xd2a04001, 0xf1000421, 0x54ffffe1,
                                              0xd2800000, 0xd2800bc8, 0xd4000001};

struct Fixture {
    TinyGuest guest;

    Fixture() {
        guest.add_program("p", kProgram, std::string(128, 'x'));
        guest.add_program("clock", kClockProgram);
        guest.add_program("counter", kCounterProgram);
        guest.add_program("long", kLongProgram);
    }
    RunReport run(const std::vector<Setting>& settings = {}, const std::string& program = "/p",
                  const std::string& machine = "kunpeng916") const {
        SimulationRequest request;
        request.files.root = guest.root();
        request.program.arguments = {program};
        request.settings = settings;
        request.machine = machine;
        if (program == "/p") request.probes = made_probe("uprobe:/p:0x98,0x9c");  // nop and stp
        SharedInput input(-1);
        const auto out = std::make_shared<DigestedOutput>(1, -1);
        const GuestStreams streams{input.reader(), out, out};
        const auto report = simulate(request, &streams);
        if (!report) FAIL(report.error().error.line());
        return *report;
    }
};

RunReport saved_and_read(const RunReport& report) {
    const auto runs = parse_report(run_report_json(report), "r.json");
    if (!runs) FAIL(runs.error().line());
    return runs->front().report;
}

PricedAgain good(const RunReport& saved, const WhatIfRequest& request) {
    auto what = price_again(saved, request);
    if (!what) FAIL(what.error().line());
    return std::move(*what);
}

std::string refusal(const RunReport& saved, const WhatIfRequest& request) {
    const auto what = price_again(saved, request);
    REQUIRE_FALSE(what.has_value());
    CHECK(what.error().line().find('\n') == std::string::npos);
    return what.error().line();
}

void check_same(const RunReport& priced, const RunReport& ran) {
    const Totals a = totals_of(priced), b = totals_of(ran);
    CHECK(a.kernel_cycles == b.kernel_cycles);
    CHECK(a.exception_cycles == b.exception_cycles);
    CHECK(a.hit_cycles == b.hit_cycles);
    CHECK(a.placing_cycles == b.placing_cycles);
    CHECK(a.total_ns == b.total_ns);
    // Reports round each path's to thousandths.
    CHECK(a.kernel_insns == Approx(b.kernel_insns).margin(0.1));
    REQUIRE(priced.paths.size() == ran.paths.size());
    for (const PathRow& row : ran.paths) {
        const auto same = std::find_if(priced.paths.begin(), priced.paths.end(),
                                       [&](const PathRow& p) { return p.name == row.name; });
        INFO(row.name);
        REQUIRE(same != priced.paths.end());
        CHECK(same->cycles == row.cycles);
    }
}

}  // namespace

TEST_CASE("a run with its own cost parameters costs what it cost", "[tools][whatif]") {
    const Fixture f;
    const RunReport ran = f.run();
    REQUIRE(totals_of(ran).hits == 2);
    const PricedAgain what = good(saved_and_read(ran), {});
    check_same(what.before, ran);
    check_same(what.after, ran);
    CHECK(what.changes.empty());
    CHECK(what.notes.empty());
}

TEST_CASE("a run with other cost parameters costs what running it with these costs",
          "[tools][whatif]") {
    const Fixture f;
    const RunReport saved = saved_and_read(f.run());
    const std::vector<std::vector<Setting>> cases = {
        {{"machine.ops.ic-ivau", "0"}},
        {{"machine.kernel-cpi", "1.37179"}},
        {{"machine.frequency", "1.777e9"}, {"machine.exception-entry", "77.777"}},
        {{"machine.counter-frequency", "1e6"}},
        {{"kernel.paths.sys.write.pipe.insns-per-unit", "0.33337"}},
        {{"kernel.paths.uprobe.consumers.insns-per-unit", "1.2345"},
         {"kernel.paths.brk.entry.ops.isb", "3"}},
    };
    for (const std::vector<Setting>& settings : cases) {
        INFO(settings.front().key);
        const PricedAgain what = good(saved, {.settings = settings});
        check_same(what.after, f.run(settings));
        CHECK(what.changes.size() == settings.size());
    }
}

TEST_CASE("another machine, and settings on top of the run's own", "[tools][whatif]") {
    const Fixture f;
    const RunReport saved =
        saved_and_read(f.run({{"machine.ops.isb", "5"}, {"machine.ops.dmb", "1"}}));
    check_same(good(saved, {.machine = "generic-a72"}).after,
               f.run({{"machine.ops.isb", "5"}, {"machine.ops.dmb", "1"}}, "/p", "generic-a72"));
    check_same(good(saved, {.settings = {{"machine.ops.isb", "9"}}}).after,
               f.run({{"machine.ops.isb", "9"}, {"machine.ops.dmb", "1"}}));
}

TEST_CASE("what would change the counts is refused with the run to make instead",
          "[tools][whatif]") {
    const Fixture f;
    const RunReport saved = saved_and_read(f.run());
    const auto set = [](const char* key, const char* value) {
        return WhatIfRequest{.settings = {{key, value}}};
    };
    CHECK_THAT(refusal(saved, set("kernel.slot-copy", "if-changed")),
               Contains("slot-copy was always and would be if-changed") &&
                   Contains("uprobesim run --machine kunpeng916 --kernel next-20241104 --set "
                            "kernel.slot-copy=if-changed -p uprobe:/p:0x98,0x9c /p"));
    CHECK_THAT(refusal(saved, set("kernel.decode-table", "6.1")), Contains("kernel.decode-table"));
    CHECK_THAT(refusal(saved, set("kernel.stp", "copy-to-user")), Contains("kernel.stp"));
    CHECK_THAT(refusal(saved, set("kernel.release", "7.0")), Contains("kernel.release"));
    CHECK_THAT(refusal(saved, {.kernel = "v6.1"}), Contains("--kernel v6.1"));
    CHECK_THAT(refusal(saved, {.kernel = "v9.9"}), Contains("no kernel profile named 'v9.9'"));
    CHECK_THAT(refusal(saved, set("machine.ops.isbb", "1")), Contains("unknown setting"));
}

TEST_CASE("ticks are taken as they were, and that is said", "[tools][whatif]") {
    const Fixture f;
    const PricedAgain what =
        good(saved_and_read(f.run({}, "/long")), {.settings = {{"machine.kernel-cpi", "2"}}});
    REQUIRE(what.notes.size() == 1);
    CHECK_THAT(what.notes[0], Contains("ticks are taken as they were"));
}

TEST_CASE("the run to make instead is one the shell reads back", "[tools][whatif]") {
    const Fixture f;
    RunReport saved = saved_and_read(f.run());
    saved.provenance.options = {"--env", "A=it's *"};
    CHECK_THAT(refusal(saved, {.kernel = "v6.1"}), Contains(R"(--env 'A=it'\''s *' -p)"));
}

TEST_CASE("a guest that could see the time is noted; one that read the counter keeps its frequency",
          "[tools][whatif]") {
    const Fixture f;
    const PricedAgain clock = good(saved_and_read(f.run({}, "/clock")), {});
    REQUIRE(clock.notes.size() == 1);
    CHECK_THAT(clock.notes[0], Contains("clock_gettime"));
    // With a vDSO it would not have made the call.
    CHECK_THAT(refusal(saved_and_read(f.run({}, "/clock")), {.machine = "generic-a72"}),
               Contains("vdso-clock"));
    const RunReport untrapped = saved_and_read(f.run({}, "/counter", "generic-a72"));
    CHECK(untrapped.counter_reads == 1);
    CHECK_THAT(refusal(untrapped, {.settings = {{"machine.counter-frequency", "1e8"}}}),
               Contains("counter-frequency"));
    CHECK_THAT(good(untrapped, {}).notes.at(0), Contains("the counter 1 time"));
    const RunReport counter = saved_and_read(f.run({}, "/counter"));
    CHECK(good(counter, {}).notes.size() == 1);
    CHECK_THAT(refusal(counter, {.settings = {{"machine.counter-frequency", "1e6"}}}),
               Contains("counter-frequency"));
}

TEST_CASE("a report that its own profiles do not give is refused", "[tools][whatif]") {
    const Fixture f;
    RunReport saved = saved_and_read(f.run());
    saved.paths[0].times += 1;
    CHECK_THAT(refusal(saved, {}), Contains("not its counts at its own profiles' cost parameters"));
}

TEST_CASE("profiles that have changed since the run must be named", "[tools][whatif]") {
    const Fixture f;
    RunReport saved = saved_and_read(f.run());
    saved.provenance.kernel.hash = "another hash";
    CHECK_THAT(refusal(saved, {}), Contains("--machine kunpeng916 --kernel next-20241104"));
    const PricedAgain what = good(saved, {.machine = "kunpeng916", .kernel = "next-20241104"});
    CHECK(what.notes.size() == 1);
    check_same(what.after, what.before);
}

TEST_CASE("the range holds the answer, and each figure's swing lies within it", "[tools][whatif]") {
    const Fixture f;
    const PricedAgain what = good(saved_and_read(f.run()), {.low = true, .high = true});
    REQUIRE(what.range.has_value());
    const AnswerRange& range = *what.range;
    REQUIRE(range.low.has_value());
    REQUIRE(range.high.has_value());
    const double base = answer_of(what.after).total_ns;
    const double low = answer_of(*range.low).total_ns, high = answer_of(*range.high).total_ns;
    CHECK(low < range.independent_low_ns);
    CHECK(range.independent_low_ns < base);
    CHECK(base < range.independent_high_ns);
    CHECK(range.independent_high_ns < high);
    REQUIRE(range.swings.size() > 5);
    for (std::size_t i = 0; i < range.swings.size(); ++i) {
        const Swing& s = range.swings[i];
        INFO(s.figure.key);
        CHECK(std::min(s.at_low.total_ns, s.at_high.total_ns) >= low);
        CHECK(std::max(s.at_low.total_ns, s.at_high.total_ns) <= high);
        if (i != 0) CHECK(s.ns() <= range.swings[i - 1].ns());
    }
    // A higher frequency is a shorter run: its end is the other one.
    const auto frequency =
        std::find_if(range.swings.begin(), range.swings.end(),
                     [](const Swing& s) { return s.figure.key == "machine.frequency"; });
    REQUIRE(frequency != range.swings.end());
    CHECK(frequency->at_high.total_ns < frequency->at_low.total_ns);
    CHECK(range.low->frequency_hz > range.high->frequency_hz);
    // User cycles are counted, not priced.
    CHECK(range.low->user_cycles == range.high->user_cycles);
}

TEST_CASE("text and JSON say the same, the same way twice", "[tools][whatif]") {
    const Fixture f;
    const RunReport saved = saved_and_read(f.run());
    const WhatIfRequest request{
        .settings = {{"machine.ops.ic-ivau", "0"}}, .low = true, .high = true};
    const WhatIfReport report{"r.json", "", good(saved, request)};
    const std::string text = document_text(whatif_document(report));
    CHECK_THAT(text, Contains("machine.ops.ic-ivau  100 cycles -> 0 cycles"));
    CHECK_THAT(text, Contains("one parameter at a time") && Contains("machine.ops.dsb-ish") &&
                         Contains("=|="));
    const auto json = nlohmann::json::parse(whatif_json(report));
    CHECK(json["schema"] == "uprobesim.whatif/1");
    CHECK(json["changed"][0]["key"] == "machine.ops.ic-ivau");
    CHECK(json["before"]["kernel_cycles"].get<double>() >
          json["after"]["kernel_cycles"].get<double>());
    CHECK(json["range"]["low"]["total_ns"].get<double>() < json["after"]["total_ns"].get<double>());
    CHECK(json["range"]["swings"].size() == report.result.range->swings.size());
    CHECK(whatif_json(report) == whatif_json({"r.json", "", good(saved, request)}));
}

TEST_CASE("an answer fits, whatever the report names", "[tools][whatif]") {
    const Fixture f;
    const RunReport saved = saved_and_read(f.run());
    WhatIfReport report{
        "", "",
        good(saved, {.settings = {{"machine.ops.ic-ivau", "0"}}, .low = true, .high = true})};
    for (std::uint32_t seed = 0; seed < 10; ++seed) {
        INFO(seed);
        HostileNames names(seed);
        report.file = names.name();
        report.label = names.name();
        report.result.notes = {names.name()};
        report.result.changes.assign(20, {names.name(), names.name(), names.name()});
        report.result.before.provenance.arguments = {names.name()};
        report.result.after.provenance.kernel = {names.name(), "", names.name(), "", {}};
        for (PathRow& path : report.result.before.paths) path.name = names.name();
        for (Swing& swing : report.result.range->swings) swing.figure.key = names.name();
        check_text_fits(whatif_document(report));
        csv_fields(document_csv(whatif_document(report)));
    }
}

}  // namespace uprobesim
