// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/charts/charts.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/tools/report/report_fixture.h"

namespace uprobesim {
namespace {

const Chart& titled(const std::vector<Chart>& charts, std::string_view title) {
    const auto chart = std::ranges::find(charts, title, &Chart::title);
    REQUIRE(chart != charts.end());
    return *chart;
}

double value_of(const Chart& chart, std::size_t row, std::string_view series) {
    const auto found = std::ranges::find(chart.series, series, &Chart::Series::name);
    REQUIRE(found != chart.series.end());
    const auto& value =
        chart.rows.at(row).values.at(static_cast<std::size_t>(found - chart.series.begin()));
    REQUIRE(value);
    return value->value;
}

ComparedRun compared(std::string label, RunReport report) {
    return {std::move(label), std::move(report), "", ""};
}

std::vector<std::string> names_of(const Chart& chart) {
    std::vector<std::string> names;
    for (const Chart::Series& series : chart.series) names.push_back(series.name);
    return names;
}

}  // namespace

// 3 hits; of them 800 cycles of exceptions and 1,500 of brk.entry.
TEST_CASE("a mean hit is the hits' work alone, divided as the trap explorer divides it",
          "[tools][charts]") {
    const auto charts = run_charts(hand_made_report());
    const Chart& hit = titled(charts, "Where the cycles of a hit go");
    CHECK(hit.kind == Chart::Kind::Stacked);
    CHECK(names_of(hit) == std::vector<std::string>{"hardware", "entry-exit"});
    CHECK(value_of(hit, 0, "hardware") == Approx(800.0 / 3));
    CHECK(value_of(hit, 0, "entry-exit") == Approx(500));
}

// At 1 GHz: 1,000 cycles at EL0, 1,200 of exceptions, 300.5 of read, 2,000 of probes.
TEST_CASE("a run's time is divided by what it is for", "[tools][charts]") {
    const auto charts = run_charts(hand_made_report());
    const Chart& time = titled(charts, "Where the time goes");
    CHECK(time.unit == "us");
    CHECK(names_of(time) == std::vector<std::string>{"user code", "exception entry, return",
                                                     "system calls", "probes"});
    CHECK(value_of(time, 0, "user code") == Approx(1));
    CHECK(value_of(time, 0, "exception entry, return") == Approx(1.2));
    CHECK(value_of(time, 0, "system calls") == Approx(0.3005));
    CHECK(value_of(time, 0, "probes") == Approx(2));
    RunReport several = hand_made_report();
    several.cpus = 2;
    CHECK(titled(run_charts(several), "Where the time goes").unit == "us of all CPUs together");
}

TEST_CASE("the probes that cost most come first, and one alone is no chart", "[tools][charts]") {
    RunReport r = hand_made_report();
    std::ranges::reverse(r.probes);
    const auto charts = run_charts(r);
    const Chart& probes = titled(charts, "The probes that cost most");
    REQUIRE(probes.rows.size() == 2);
    CHECK(probes.rows[0].name == "uprobe:/bin/prog:main");
    CHECK(value_of(probes, 0, "time") == Approx(1.3));
    r.probes.pop_back();
    CHECK(titled(run_charts(r), "The probes that cost most").empty());
}

TEST_CASE("a run without hits has no picture of one", "[tools][charts]") {
    CHECK(titled(run_charts(plain_report()), "Where the cycles of a hit go").empty());
    CHECK_FALSE(titled(run_charts(plain_report()), "Where the time goes").empty());
}

TEST_CASE("a comparison has a bar for each kernel with hits, and results of a scenario first",
          "[tools][charts]") {
    CompareReport report{"prog", {}};
    report.runs.resize(2);
    report.runs[0] = compared("no uprobe", plain_report());
    report.runs[1] = compared("k1", hand_made_report());
    report.runs[0].report.results = {{"requests", "1/s", true, 100.0}};
    report.runs[1].report.results = {{"requests", "1/s", true, std::nullopt}};
    const auto charts = compare_charts(report);
    CHECK(charts.front().title == "requests");
    CHECK(charts.front().rows[0].values[0]->value == 100);
    CHECK_FALSE(charts.front().rows[1].values[0]);
    const Chart& hit = titled(charts, "Where the cycles of a hit go");
    REQUIRE(hit.rows.size() == 1);
    CHECK(hit.rows[0].name == "k1");
    CHECK(titled(charts, "Where the time goes").rows.size() == 2);
}

TEST_CASE("a grid shows each machine's slowdown, also of one that was interrupted",
          "[tools][charts]") {
    CompareGrid grid;
    grid.machines = {
        {"prog", {compared("no uprobe", plain_report()), compared("k1", hand_made_report())}},
        {"prog", {compared("no uprobe", plain_report())}}};
    const auto charts = compare_grid_charts(grid);
    const Chart& slowdown = titled(charts, "Slowdown on each machine");
    REQUIRE(slowdown.rows.size() == 2);
    CHECK(value_of(slowdown, 0, "no uprobe") == 1);
    CHECK(value_of(slowdown, 0, "k1") > 1);
    CHECK_FALSE(slowdown.rows[1].values[1]);
}

TEST_CASE("published rows have their error, simulated ones none", "[tools][charts]") {
    ReproducedTable table;
    table.published.id = "t";
    table.published.title = "a table";
    table.rows.resize(2);
    table.rows[0].published = {"uprobe-nop", 2, 0.25, "", {}};
    table.rows[0].simulated = 1.5;
    table.rows[1].published = {"uprobe-ret", 3, std::nullopt, "", {}};
    const auto charts = reproduce_charts({{table}, {}, {}});
    REQUIRE(charts.size() == 1);
    const Chart& chart = charts.front();
    CHECK(chart.title == "t: a table");
    CHECK((chart.rows[0].values[0]->low == 1.75 && chart.rows[0].values[0]->high == 2.25));
    CHECK(chart.rows[0].values[1]->value == 1.5);
    CHECK_FALSE(chart.rows[0].values[1]->low);
    CHECK_FALSE(chart.rows[1].values[0]->low);
}

}  // namespace uprobesim
