// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/charts/stacked.h"

#include <algorithm>

namespace uprobesim {
namespace {

constexpr std::size_t kHit = static_cast<std::size_t>(Account::ProbeHit);

double& of(WorkSums& sums, WorkKind kind) {
    return sums[static_cast<std::size_t>(kind)];
}

// A part that no row has would only be a word in the legend.
void drop_empty_series(Chart& chart) {
    for (std::size_t s = chart.series.size(); s-- > 0;) {
        const auto at = static_cast<std::ptrdiff_t>(s);
        if (std::ranges::any_of(chart.rows, [&](const Chart::Row& row) {
                return row.values[s] && row.values[s]->value != 0;
            }))
            continue;
        chart.series.erase(chart.series.begin() + at);
        for (Chart::Row& row : chart.rows) row.values.erase(row.values.begin() + at);
    }
}

}  // namespace

WorkSums mean_hit(const RunReport& report) {
    WorkSums sums{};
    std::uint64_t hits = 0;
    for (const ProbeRow& probe : report.probes) hits += probe.hits;
    if (hits == 0) return sums;
    for (const ExceptionRow& row : report.exceptions)
        of(sums, WorkKind::Hardware) += in_cycles(row.accounts[kHit].cycles);
    for (const PathRow& row : report.paths) {
        const auto path = find_kernel_path(row.name);
        of(sums, path ? path_story(*path).kind : WorkKind::Other) +=
            in_cycles(row.accounts[kHit].cycles);
    }
    for (double& sum : sums) sum /= static_cast<double>(hits);
    return sums;
}

void HitBars::add(std::string name, const WorkSums& sums) {
    Chart::Row row{.name = std::move(name), .values = {}};
    double all = 0;
    for (const double sum : sums) {
        row.values.emplace_back(Chart::Value{sum});
        all += sum;
    }
    if (all != 0) chart_.rows.push_back(std::move(row));
}

Chart HitBars::chart() && {
    for (const WorkKindInfo& kind : kWorkKinds)
        chart_.series.push_back({std::string(kind.name), std::string(kind.name)});
    drop_empty_series(chart_);
    return std::move(chart_);
}

void TimeBars::add(std::string name, const RunReport& report) {
    const Totals totals = totals_of(report);
    several_cpus_ = several_cpus_ || report.cpus > 1;
    Chart::Row row{.name = std::move(name), .values = {}};
    const auto put = [&](CentiCycles cycles) {
        row.values.emplace_back(Chart::Value{to_ns(cycles, report.frequency_hz)});
    };
    put(report.user_cycles);
    put(totals.exception_cycles);
    for (const WorkGroup group : kWorkGroups)
        put(totals.group_cycles[static_cast<std::size_t>(group)]);
    row.values.emplace_back(Chart::Value{static_cast<double>(report.idle_ns)});
    chart_.rows.push_back(std::move(row));
}

Chart TimeBars::chart() && {
    chart_.series = {{"user code", "user"}, {"exception entry, return", "hardware"}};
    for (const WorkGroup group : kWorkGroups) {
        std::string name(work_group_name(group));
        std::string work = name;
        std::ranges::replace(work, ' ', '-');
        chart_.series.push_back({std::move(name), std::move(work)});
    }
    chart_.series.push_back({"idle", "idle"});
    drop_empty_series(chart_);
    chart_.choose_time_unit();
    if (several_cpus_) chart_.unit += " of all CPUs together";
    return std::move(chart_);
}

}  // namespace uprobesim
