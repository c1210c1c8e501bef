// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "tools/charts/charts.h"
#include "tools/charts/stacked.h"

namespace uprobesim {
namespace {

WorkSums sums_of(const TriggerCost& cost) {
    WorkSums sums{};
    const auto of = [&](WorkKind kind) -> double& { return sums[static_cast<std::size_t>(kind)]; };
    of(WorkKind::User) = cost.user_cycles;
    of(WorkKind::Hardware) = cost.exception_cycles;
    for (const PathShare& share : cost.paths) of(path_story(share.path).kind) += share.cycles;
    return sums;
}

std::string place_of(const BenchReport& report, const BenchTable& table) {
    const bool one_machine = std::ranges::all_of(report.tables, [&](const BenchTable& other) {
        return other.machine.name == table.machine.name;
    });
    return one_machine ? table.kernel.name
                       : fmt::format("{} on {}", table.kernel.name, table.machine.name);
}

}  // namespace

std::vector<Chart> bench_charts(const BenchReport& report) {
    if (report.tables.empty()) return {};
    const std::vector<BenchRow>& variants = report.tables.front().rows;
    std::vector<Chart> charts;
    if (report.tables.size() == 1) {
        HitBars hit("Where the cycles of a hit go");
        for (const BenchRow& row : variants) hit.add(row.variant.name(), sums_of(row.cost));
        charts.push_back(std::move(hit).chart());
    } else {
        // Kernels are what is compared: they stand next to each other.
        for (std::size_t v = 0; v < variants.size(); ++v) {
            HitBars hit(
                fmt::format("Where the cycles of a hit go: {}", variants[v].variant.name()));
            for (const BenchTable& table : report.tables)
                hit.add(place_of(report, table), sums_of(table.rows[v].cost));
            charts.push_back(std::move(hit).chart());
        }
    }
    double longest = 0;
    for (const BenchTable& table : report.tables) {
        for (const BenchRow& row : table.rows) longest = std::max(longest, row.cost.cycles());
    }
    for (Chart& chart : charts) chart.axis = longest;
    Chart rate{.title = "Throughput", .unit = "million hits a second"};
    for (const BenchTable& table : report.tables) rate.series.push_back({place_of(report, table)});
    for (std::size_t v = 0; v < variants.size(); ++v) {
        Chart::Row row{.name = variants[v].variant.name(), .values = {}};
        for (const BenchTable& table : report.tables)
            row.values.emplace_back(
                Chart::Value{million_hits_per_second(table.rows[v].cost, table.machine)});
        rate.rows.push_back(std::move(row));
    }
    charts.push_back(std::move(rate));
    return charts;
}

}  // namespace uprobesim
