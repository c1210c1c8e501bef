// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/estimate/estimate_targets.h"

#include <catch2/catch.hpp>

using namespace uprobesim;

namespace {

std::vector<EstimateTarget> targets() {
    std::vector<EstimateTarget> all(3);
    all[0].function = "processCommand";
    all[1].function = "lookupKey";
    all[1].aliases = {"lookup"};
    all[2].function = "call";
    return all;
}

}  // namespace

TEST_CASE("counts become hits a second, by name or alias, and what is not counted is never hit",
          "[estimate]") {
    auto all = targets();
    std::vector<std::string> notes;
    const HitCounts counts{"", {{"probe_redis:processCommand", 500}, {"lookup", 20}, {"x", 1}}, {}};
    REQUIRE(apply_counts(all, counts, 10, notes));
    CHECK(all[0].rate == 50.0);
    CHECK(all[1].rate == 2.0);
    CHECK(all[2].rate == 0.0);
    REQUIRE(notes.size() == 2);
    CHECK(notes[0] == "counted but not among the probes: x");
    CHECK(notes[1] == "not counted, so taken as never hit: call");
}

TEST_CASE("counts of other functions alone are a mistake", "[estimate]") {
    auto all = targets();
    std::vector<std::string> notes;
    const auto applied = apply_counts(all, {"", {{"processComand", 5}}, {}}, 10, notes);
    REQUIRE_FALSE(applied);
    CHECK(applied.error().line() ==
          "--counts: none of the probes is counted: the file has processComand (did you mean "
          "'processCommand'?)");
}
