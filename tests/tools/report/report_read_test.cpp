// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/report/report_read.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/tools/report/report_fixture.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;
using Catch::Matchers::Contains;

std::string refusal(const std::string& text) {
    const auto runs = parse_report(text, "r.json");
    REQUIRE_FALSE(runs.has_value());
    std::string line = runs.error().line();
    CHECK(line.find('\n') == std::string::npos);
    CHECK_THAT(line, Contains("r.json"));
    return line;
}

// The fixture's report with one place replaced.
std::string changed(const std::string& pointer, const Json& value) {
    Json json = Json::parse(run_report_json(hand_made_report()));
    json[Json::json_pointer(pointer)] = value;
    return json.dump();
}

}  // namespace

TEST_CASE("a run report read back has the counts and cycles it was written with",
          "[tools][report]") {
    const RunReport saved = hand_made_report();
    const auto runs = parse_report(run_report_json(saved), "r.json");
    if (!runs) FAIL(runs.error().line());
    REQUIRE(runs->size() == 1);
    const RunReport& r = runs->front().report;
    CHECK(r.provenance.kernel.hash == saved.provenance.kernel.hash);
    CHECK(r.provenance.machine.given_as == saved.provenance.machine.given_as);
    REQUIRE(r.provenance.kernel.behaviour.size() == saved.provenance.kernel.behaviour.size());
    CHECK(r.provenance.kernel.behaviour[0].value == saved.provenance.kernel.behaviour[0].value);
    CHECK(r.provenance.arguments == saved.provenance.arguments);
    CHECK(r.provenance.options == saved.provenance.options);
    CHECK(r.exit.kind == saved.exit.kind);
    CHECK(r.user_cycles == saved.user_cycles);
    REQUIRE(r.paths.size() == saved.paths.size());
    CHECK(r.paths[2].units == 4096);
    CHECK(r.paths[2].group == WorkGroup::SystemCalls);
    const Totals read = totals_of(r), written = totals_of(saved);
    CHECK(read.kernel_cycles == written.kernel_cycles);
    CHECK(read.hit_cycles == written.hit_cycles);
    CHECK(read.placing_cycles == written.placing_cycles);
    CHECK(read.total_ns == written.total_ns);
    CHECK(read.hits == written.hits);
}

TEST_CASE("cycles of long runs are read back to the last hundredth", "[tools][report]") {
    RunReport saved = hand_made_report();
    saved.user_cycles = CentiCycles(6'987'654'321'098'765u);
    const auto runs = parse_report(run_report_json(saved), "r.json");
    REQUIRE(runs.has_value());
    CHECK(runs->front().report.user_cycles == saved.user_cycles);
}

TEST_CASE("a comparison is read run by run with its labels", "[tools][report]") {
    const auto runs = parse_report(compare_report_json(hand_made_comparison()), "r.json");
    if (!runs) FAIL(runs.error().line());
    REQUIRE(runs->size() == 2);
    CHECK((*runs)[0].label == "no uprobe");
    CHECK((*runs)[1].report.paths.size() == 3);
}

TEST_CASE("what is no report is refused in one line", "[tools][report]") {
    CHECK_THAT(refusal(""), Contains("r.json:1: not JSON"));
    CHECK_THAT(refusal("uprobesim 0.1: run\n\n"), Contains("r.json:1: not JSON"));
    const std::string whole = run_report_json(hand_made_report());
    CHECK_THAT(refusal(whole.substr(0, whole.size() / 2)), Contains("ends too early"));
    CHECK_THAT(refusal("{\n  \"schema\" 3\n}"), Contains("r.json:2: not JSON"));
    CHECK_THAT(refusal("[]"), Contains("r.json"));
    CHECK_THAT(refusal("7"), Contains("r.json"));
    CHECK_THAT(refusal("{}"), Contains("schema"));
    CHECK_THAT(refusal(R"({"schema": "other/1"})"), Contains("'other/1'"));
    CHECK_THAT(refusal(R"({"schema": "uprobesim.run/1"})"), Contains("'uprobesim.run/1'"));
    CHECK_THAT(refusal(R"({"schema": "uprobesim.compare/2", "runs": []})"), Contains("runs"));
    CHECK_THAT(refusal(std::string(100000, '[')), Contains("more than 64 levels"));
}

TEST_CASE("a report's mistake is named by its place", "[tools][report]") {
    CHECK_THAT(refusal(changed("/kernel/paths/1/times", -1)),
               Contains("kernel.paths[1].times: is no count"));
    CHECK_THAT(refusal(changed("/kernel/paths/1/times", 1.5)), Contains("kernel.paths[1].times"));
    CHECK_THAT(refusal(changed("/kernel/paths/0/path", "no.such")),
               Contains("'no.such' is not known"));
    CHECK_THAT(refusal(changed("/kernel/exceptions/0/class", "nap")),
               Contains("kernel.exceptions[0].class"));
    CHECK_THAT(refusal(changed("/kernel/paths/0/cycles", "many")),
               Contains("kernel.paths[0].cycles"));
    CHECK_THAT(refusal(changed("/user/cycles", 1e20)), Contains("user.cycles: is out of range"));
    CHECK_THAT(refusal(changed("/time/frequency_hz", 0)), Contains("time.frequency_hz"));
    CHECK_THAT(refusal(changed("/guest/end", "slept")), Contains("'slept'"));
    CHECK_THAT(refusal(changed("/provenance", 3)), Contains("provenance"));
    CHECK_THAT(refusal(changed("/kernel/paths", 3)), Contains("kernel.paths: is no list"));
    Json json = Json::parse(run_report_json(hand_made_report()));
    json["provenance"]["kernel"].erase("behaviour");
    CHECK_THAT(refusal(json.dump()), Contains("provenance.kernel.behaviour: missing"));
}

TEST_CASE("a report that cannot be opened is refused", "[tools][report]") {
    for (const char* path : {"/no/such/report.json", "/tmp", "/dev/zero"}) {
        const auto runs = read_report_file(path);
        REQUIRE_FALSE(runs.has_value());
        CHECK(runs.error().where == path);
    }
}

}  // namespace uprobesim
