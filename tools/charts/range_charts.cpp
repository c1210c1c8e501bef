// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "tools/charts/charts.h"
#include "tools/charts/stacked.h"
#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

constexpr std::size_t kMostParameters = 15;
constexpr std::size_t kMostRangedProbes = 15;

// Figures of different units, each as a part of its own value.
void add_relative(Chart& chart, const std::string& name, double value, std::optional<double> low,
                  std::optional<double> high) {
    if (value <= 0) return;
    const auto part = [&](std::optional<double> end) {
        return end ? std::optional(100 * *end / value) : std::nullopt;
    };
    chart.rows.push_back({.name = name, .values = {Chart::Value{100, part(low), part(high)}}});
}

// "1.213", "6,144", "2 G".
std::string parameter_text(double value) {
    if (value >= 1e9) return fmt::format("{:.4g} G", value / 1e9);
    return value >= 1000 ? grouped(value) : fmt::format("{:.4g}", value);
}

Chart answer_ranges(const PricedAgain& what) {
    Chart chart{.kind = Chart::Kind::Ranges,
                .title = "How far the result moves within the confidence of the figures",
                .unit = "% of the value",
                .series = {{"value"}}};
    const auto end = [](const std::optional<RunReport>& report) {
        return report ? std::optional(answer_of(*report)) : std::nullopt;
    };
    const Answer value = answer_of(what.after);
    const auto low = end(what.range->low), high = end(what.range->high);
    const auto add = [&](const char* name, double Answer::*figure) {
        add_relative(chart, name, value.*figure, low ? std::optional((*low).*figure) : std::nullopt,
                     high ? std::optional((*high).*figure) : std::nullopt);
    };
    add("simulated time", &Answer::total_ns);
    add("kernel cycles", &Answer::kernel_cycles);
    add("probe overhead", &Answer::overhead_ns);
    add("cycles per hit", &Answer::mean_hit_cycles);
    return chart;
}

std::string place_name(const EstimateReport& report, const PlaceEstimate& place) {
    return report.places.size() == 1 ? "" : fmt::format(", {} on {}", place.kernel, place.machine);
}

Chart hit_ranges(const EstimateReport& report, const PlaceEstimate& place) {
    Chart chart{.kind = Chart::Kind::Ranges,
                .title = "A hit" + place_name(report, place),
                .unit = "ns",
                .series = {{"a hit"}}};
    // Most probes of a binary cost the same: one bar for all of them.
    std::map<double, std::vector<std::size_t>, std::greater<>> same;
    for (std::size_t t = 0; t < report.targets.size(); ++t) {
        if (place.hits[t].verdict.kind != VerdictKind::Reject)
            same[place.hits[t].range.ns].push_back(t);
    }
    for (const auto& [ns, targets] : same) {
        const EstimateTarget& first = report.targets[targets.front()];
        const VariedPrices::Range& range = place.hits[targets.front()].range;
        chart.rows.push_back(
            {.name = first.function + (first.wants_return ? " (return)" : ""),
             .values = {Chart::Value{ns, range.low_ns, range.high_ns}},
             .note = targets.size() == 1
                         ? ""
                         : fmt::format("and {} more", grouped(std::uint64_t{targets.size() - 1}))});
    }
    chart.rows.resize(std::min(chart.rows.size(), kMostRangedProbes));
    return chart;
}

}  // namespace

std::vector<Chart> whatif_charts(const WhatIfReport& report) {
    const PricedAgain& what = report.result;
    std::vector<Chart> charts;
    HitBars hit("Where the cycles of a hit go");
    hit.add("before", mean_hit(what.before));
    hit.add("after", mean_hit(what.after));
    charts.push_back(std::move(hit).chart());
    TimeBars time("Where the time goes");
    time.add("before", what.before);
    time.add("after", what.after);
    charts.push_back(std::move(time).chart());
    if (!what.range) return charts;
    charts.push_back(answer_ranges(what));
    Chart tornado{.kind = Chart::Kind::Tornado,
                  .title = "One parameter at a time: simulated time",
                  .series = {{"time"}},
                  .base = answer_of(what.after).total_ns};
    for (const Swing& swing : what.range->swings) {
        if (tornado.rows.size() == kMostParameters) break;
        tornado.rows.push_back(
            {.name = swing.figure.key,
             .values = {Chart::Value{tornado.base, swing.at_low.total_ns, swing.at_high.total_ns}},
             .note = swing.low_value == swing.high_value
                         ? ""
                         : fmt::format("{} to {}", parameter_text(swing.low_value),
                                       parameter_text(swing.high_value))});
    }
    tornado.choose_time_unit();
    charts.push_back(std::move(tornado));
    return charts;
}

std::vector<Chart> estimate_charts(const EstimateReport& report) {
    std::vector<Chart> charts;
    if (report.places.empty()) return charts;
    if (report.places.size() > 1) {
        Chart all{.kind = Chart::Kind::Ranges,
                  .title = "All probes on each kernel and machine",
                  .unit = report.has_rates() ? "% of a CPU" : "ns for one hit each",
                  .series = {{"all probes"}}};
        // What the hits of a second take, of a second.
        const double unit = report.has_rates() ? 1e7 : 1;
        for (const PlaceEstimate& place : report.places) {
            const VariedPrices::Range& range = place.total.range;
            all.rows.push_back({.name = fmt::format("{} on {}", place.kernel, place.machine),
                                .values = {Chart::Value{range.ns / unit, range.low_ns / unit,
                                                        range.high_ns / unit}}});
        }
        charts.push_back(std::move(all));
    }
    for (const PlaceEstimate& place : report.places) charts.push_back(hit_ranges(report, place));
    const auto& [range, swings] = report.places.front().total;
    Chart tornado{.kind = Chart::Kind::Tornado,
                  .title = "One parameter at a time" + place_name(report, report.places.front()),
                  .unit = "% of the cost",
                  .series = {{"cost"}},
                  .base = 100};
    for (const VariedPrices::Swing& swing : swings) {
        if (tornado.rows.size() == kMostParameters || range.ns <= 0) break;
        tornado.rows.push_back({.name = swing.key,
                                .values = {Chart::Value{100, 100 * swing.ns_at_low / range.ns,
                                                        100 * swing.ns_at_high / range.ns}}});
    }
    charts.push_back(std::move(tornado));
    return charts;
}

std::vector<Chart> reproduce_charts(const Reproduction& reproduction) {
    std::vector<Chart> charts;
    for (const ReproducedTable& table : reproduction.tables) {
        Chart chart{.title = table.published.id + ": " + table.published.title,
                    .unit = "million hits a second",
                    .series = {{"published", "published"}, {"simulated", "simulated"}}};
        for (const ReproducedRow& row : table.rows) {
            const PublishedRow& published = row.published;
            Chart::Value told{published.value};
            if (published.plus_minus) {
                told.low = published.value - *published.plus_minus;
                told.high = published.value + *published.plus_minus;
            }
            chart.rows.push_back(
                {.name = published.name, .values = {told, Chart::Value{row.simulated}}});
        }
        charts.push_back(std::move(chart));
    }
    return charts;
}

}  // namespace uprobesim
