// SPDX-License-Identifier: GPL-2.0-or-later
// Figures are those of the published tables, worked out by hand.
#include "tools/published/reproduce.h"

#include <catch2/catch.hpp>

#include "tests/support/host.h"
#include "tools/bench/trigger_programs.h"
#include "tools/format/document_writers.h"

namespace uprobesim {
namespace {

using Catch::Contains;

bool no_targets() {
    if (!trigger_programs().empty()) return false;
    WARN("skipped: this build has no trigger targets");
    return true;
}

Reproduction reproduced(const std::string& only,
                        const std::string& rows = "linux-arm-kernel-2024") {
    const auto published = load_published(rows);
    if (!published) FAIL(published.error().line());
    auto all = reproduce(*published, only);
    if (!all) FAIL(all.error().line());
    return std::move(*all);
}

constexpr const char* kOwnRows = R"(name = "own"
[[tables]]
id = "own-board"
title = "my board"
source = "measured here"
machine = "generic-a72"
kernel = "v6.12"
unit = "M/s"
outside-thread = false
fit = true
rows = [{ name = "uprobe-ret", value = 1.5 }]
)";

}  // namespace

TEST_CASE("rows of one's own are reproduced without the claims of the thread",
          "[tools][reproduce]") {
    if (no_targets()) return;
    const TempFolder folder;
    const Reproduction all = reproduced("", folder.write("own.toml", kOwnRows));
    REQUIRE(all.tables.size() == 1);
    CHECK(all.tables[0].published.id == "own-board");
    CHECK(all.tables[0].rows.size() == 1);
    CHECK(all.claims.empty());
    CHECK(all.claims_left_out == 7);
    CHECK(all.programs.empty());
    CHECK_THAT(document_markdown(reproduce_document(all)),
               Contains("not checked, for want of their rows: 7"));
}

TEST_CASE("a claim is checked as soon as its rows are there", "[tools][reproduce]") {
    if (no_targets()) return;
    const TempFolder folder;
    std::string text = kOwnRows;
    const auto replace = [&](const std::string& from, const std::string& to) {
        text.replace(text.find(from), from.size(), to);
    };
    replace("own-board", "next-20241104-xol-stp");
    replace("rows = [", "rows = [{ name = \"uprobe-push\", value = 0.5 }, ");
    const Reproduction all = reproduced("", folder.write("own.toml", text));
    REQUIRE(all.claims.size() == 1);
    CHECK(all.claims[0].published == "3.00 x");
    CHECK(all.claims_left_out == 6);
}

TEST_CASE("times of a program are turned into hits, and the two rows of grep contradict each other",
          "[tools][reproduce]") {
    if (no_targets()) return;
    const Reproduction all = reproduced("app-grep");
    CHECK(all.tables.empty());
    CHECK(all.claims.empty());
    CHECK(all.claims_left_out == 0);
    REQUIRE(all.programs.size() == 1);
    const auto& hits = all.programs[0].hits;
    REQUIRE(hits.size() == 4);
    CHECK(hits[0].row == "single-stepped-stp");
    CHECK(hits[0].added_s == Approx(15.314 - 2.165));
    CHECK(hits[3].row == "emulated-stp");
    CHECK(hits[3].added_s == Approx(2.216 - 2.165));
    CHECK(hits[0].hits > 20 * hits[3].hits);
    CHECK_THAT(document_markdown(reproduce_document(all)),
               Contains("No number of hits fits both rows: single-stepped-stp needs") &&
                   Contains("emulated-stp has room for"));
}

TEST_CASE("rates of a program are turned into the cost of a hit where its hits are published",
          "[tools][reproduce]") {
    if (no_targets()) return;
    // The hits say more of the rates' table: both names give it.
    const std::string only = GENERATE("app-redis-set-20241104", "app-redis-set-20241104-hits");
    const Reproduction all = reproduced(only);
    CHECK(all.tables.empty());
    REQUIRE(all.programs.size() == 1);
    CHECK(all.programs[0].published.id == "app-redis-set-20241104");
    const auto& costs = all.programs[0].costs;
    REQUIRE(costs.size() == 2);
    CHECK(costs[0].row == "single-stepped-stp");
    CHECK(costs[0].hits_per_request == Approx((554565 + 1275160 + 1277710) / 1275160.0));
    CHECK(costs[0].implied_us ==
          Approx((1e6 / 47220.9 - 1e6 / 55602.1) / costs[0].hits_per_request));
    CHECK(costs[1].row == "simulated-stp");
    CHECK(costs[1].hits_per_request == Approx((496007 + 1275160 + 1277710) / 1275160.0));
}

TEST_CASE("rates of a program without published hits are not checked", "[tools][reproduce]") {
    const std::string only = GENERATE("app-redis-get", "app-redis-set");
    const Reproduction all = reproduced(only);
    REQUIRE(all.programs.size() == 1);
    CHECK(all.programs[0].published.id == only);
    CHECK(all.programs[0].hits.empty());
    CHECK(all.programs[0].costs.empty());
    const std::string text = document_markdown(reproduce_document(all));
    CHECK_THAT(text, Contains("## " + only + ":") && Contains("Nothing is held against it"));
    CHECK_THAT(text, !Contains("20241104"));
}

TEST_CASE("a table that is not there is refused with the names of those that are",
          "[tools][reproduce]") {
    const auto published = load_published("linux-arm-kernel-2024");
    REQUIRE(published);
    const auto all = reproduce(*published, "app-sed");
    REQUIRE_FALSE(all);
    CHECK_THAT(all.error().line(), Contains("app-sed") && Contains("app-grep"));
}

}  // namespace uprobesim
