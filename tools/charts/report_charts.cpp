// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "tools/charts/charts.h"
#include "tools/charts/stacked.h"

namespace uprobesim {
namespace {

constexpr std::size_t kMostProbes = 10;

Chart probes_chart(const RunReport& r) {
    Chart chart{.title = "The probes that cost most", .series = {{"time", "probes"}}};
    std::vector<const ProbeRow*> probes;
    for (const ProbeRow& probe : r.probes) {
        if (probe.hits != 0) probes.push_back(&probe);
    }
    std::ranges::stable_sort(
        probes, [](const ProbeRow* a, const ProbeRow* b) { return a->cycles > b->cycles; });
    if (probes.size() < 2) return chart;
    probes.resize(std::min(probes.size(), kMostProbes));
    for (const ProbeRow* probe : probes)
        chart.rows.push_back(
            {.name = probe->name, .values = {Chart::Value{to_ns(probe->cycles, r.frequency_hz)}}});
    chart.choose_time_unit();
    return chart;
}

// What a scenario reads off each run.
std::vector<Chart> result_charts(const CompareReport& report) {
    std::vector<Chart> charts;
    const std::vector<ResultRow>& first = report.runs.front().report.results;
    for (std::size_t i = 0; i < first.size(); ++i) {
        Chart chart{.title = first[i].name, .unit = first[i].unit, .series = {{first[i].name}}};
        for (const ComparedRun& run : report.runs) {
            const auto& value = run.report.results[i].value;
            chart.rows.push_back(
                {.name = run.label,
                 .values = {value ? std::optional(Chart::Value{*value}) : std::nullopt}});
        }
        charts.push_back(std::move(chart));
    }
    return charts;
}

}  // namespace

std::vector<Chart> run_charts(const RunReport& report) {
    HitBars hit("Where the cycles of a hit go");
    hit.add("a mean hit", mean_hit(report));
    TimeBars time("Where the time goes");
    time.add("this run", report);
    return {std::move(hit).chart(), std::move(time).chart(), probes_chart(report)};
}

std::vector<Chart> compare_charts(const CompareReport& report) {
    if (report.runs.empty()) return {};
    std::vector<Chart> charts = result_charts(report);
    HitBars hit("Where the cycles of a hit go");
    TimeBars time("Where the time goes");
    for (const ComparedRun& run : report.runs) {
        hit.add(run.label, mean_hit(run.report));
        time.add(run.label, run.report);
    }
    charts.push_back(std::move(hit).chart());
    charts.push_back(std::move(time).chart());
    return charts;
}

std::vector<Chart> compare_grid_charts(const CompareGrid& grid) {
    Chart slowdown{.title = "Slowdown on each machine", .unit = "times"};
    HitBars hit("Where the cycles of a hit go");
    for (const ComparedRun& run : grid.machines.front().runs)
        slowdown.series.push_back({run.label});
    for (const CompareReport& machine : grid.machines) {
        const RunReport& first = machine.runs.front().report;
        const double base_ns = totals_of(first).total_ns;
        Chart::Row row{.name = first.provenance.machine.name, .values = {}};
        for (const ComparedRun& run : machine.runs) {
            row.values.emplace_back(
                base_ns > 0 ? std::optional(Chart::Value{totals_of(run.report).total_ns / base_ns})
                            : std::nullopt);
            hit.add(fmt::format("{}, {}", run.label, row.name), mean_hit(run.report));
        }
        // An interrupted machine has fewer runs.
        row.values.resize(slowdown.series.size());
        slowdown.rows.push_back(std::move(row));
    }
    return {std::move(slowdown), std::move(hit).chart()};
}

}  // namespace uprobesim
