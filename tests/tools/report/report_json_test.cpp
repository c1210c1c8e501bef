// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/tools/report/report_fixture.h"

namespace uprobesim {
namespace {

using Json = nlohmann::json;

// Numbers are in a unit that their key names, or count something.
void check_keys(const Json& json, const std::string& key) {
    if (json.is_object()) {
        for (const auto& [name, value] : json.items()) {
            CHECK(name.find(' ') == std::string::npos);
            // Of a figure by account, the key above tells the unit.
            check_keys(value, key.ends_with("_cycles") ? key : name);
        }
    } else if (json.is_array()) {
        for (const Json& value : json) check_keys(value, key);
    } else if (json.is_number_float()) {
        const bool has_unit = key.ends_with("_ns") || key.ends_with("cycles") ||
                              key.ends_with("_insns") || key.ends_with("_hz") || key == "slowdown";
        INFO(key);
        CHECK(has_unit);
    }
}

}  // namespace

TEST_CASE("the run report is JSON with its schema first", "[tools][json]") {
    const std::string text = run_report_json(hand_made_report());
    CHECK(text.starts_with("{\n  \"schema\": \"uprobesim.run/2\",\n  \"provenance\": {\n"));
    const Json json = Json::parse(text);
    CHECK(json["provenance"]["kernel"]["hash_fnv1a64"] == "1111");
    CHECK(json["provenance"]["kernel"]["given_as"] == "./k1.toml");
    CHECK(json["provenance"]["kernel"]["behaviour"]["stp"] == "none");
    CHECK(json["provenance"]["options"] == Json({"--uid", "7"}));
    CHECK(json["provenance"]["command"] == Json({"/bin/prog", "-x"}));
    CHECK(json["guest"]["end"] == "exited");
    CHECK(json["guest"]["exit_code"] == 1);
    CHECK(json["time"]["total_ns"] == 4500.5);
    CHECK(json["user"]["insns"] == 2000);
    CHECK(json["user"]["insns_by_class"]["load"] == 500);
    CHECK(json["kernel"]["cycles"] == 3500.5);
    CHECK(json["kernel"]["exceptions"][1]["class"] == "brk");
    CHECK(json["kernel"]["exceptions"][1]["times"] == 3);
    CHECK(json["kernel"]["paths"][2]["path"] == "sys.read.file");
    CHECK(json["kernel"]["paths"][2]["units"] == 4096);
    CHECK(json["kernel"]["syscalls"]["read"] == 2);
    CHECK(json["kernel"]["account_cycles"]["probe-hit"] == 2300.0);
    CHECK(json["kernel"]["account_cycles"]["probe-place"] == 500.0);
    CHECK(json["kernel"]["account_cycles"]["guest"] == 700.5);
    CHECK(json["kernel"]["exceptions"][1]["accounts"]["probe-hit"]["times"] == 3);
    CHECK_FALSE(json["kernel"]["exceptions"][0].contains("accounts"));
    CHECK(json["probes"]["hits"] == 3);
    CHECK(json["probes"]["by_spec"][0]["refused"][0]["reason"] == "exclusive");
    CHECK(json["probes"]["by_probe"][0]["mean_hit_cycles"] == 1300.0);
    CHECK(json["probes"]["by_probe"][1]["file_offset_bytes"] == 2048);
    CHECK(json["partly_modelled"][0]["name"] == "madvise");
    check_keys(json, "");
}

TEST_CASE("the comparison is JSON with its schema first", "[tools][json]") {
    const std::string text = compare_report_json(hand_made_comparison());
    CHECK(text.starts_with("{\n  \"schema\": \"uprobesim.compare/2\",\n"));
    const Json json = Json::parse(text);
    CHECK(json["same_behaviour"] == true);
    CHECK(json["differences"].empty());
    REQUIRE(json["runs"].size() == 2);
    CHECK(json["runs"][0]["label"] == "no uprobe");
    CHECK(json["runs"][0]["slowdown"] == 1.0);
    // 1000 + 300.5 + 400 cycles without probes.
    CHECK(json["runs"][1]["slowdown"].get<double>() == Approx(4500.5 / 1700.5).epsilon(1e-6));
    CHECK(json["runs"][1]["stdout"]["bytes"] == 10);
    check_keys(json, "");
}

TEST_CASE("a return probe has the returns that were probed and those that were missed",
          "[tools][json]") {
    RunReport r = hand_made_report();
    r.probes[1].is_return = true;
    r.probes[1].returns = 64;
    r.probes[1].missed_returns = 36;
    const Json probes = Json::parse(run_report_json(r))["probes"]["by_probe"];
    CHECK_FALSE(probes[0].contains("returns"));
    CHECK(probes[1]["returns"] == 64);
    CHECK(probes[1]["missed_returns"] == 36);
}

TEST_CASE("bytes that are no UTF-8 do not spoil the JSON", "[tools][json]") {
    RunReport r = hand_made_report();
    r.provenance.arguments = {"/bin/prog", "\xff\xfe\n\"\\"};
    const Json json = Json::parse(run_report_json(r));
    CHECK(json["provenance"]["command"][1] == "\xef\xbf\xbd\xef\xbf\xbd\n\"\\");
}

TEST_CASE("the same report gives the same bytes", "[tools][json]") {
    CHECK(run_report_json(hand_made_report()) == run_report_json(hand_made_report()));
    CHECK(compare_report_json(hand_made_comparison()) ==
          compare_report_json(hand_made_comparison()));
}

}  // namespace uprobesim
