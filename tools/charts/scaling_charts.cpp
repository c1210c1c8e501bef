// SPDX-License-Identifier: GPL-2.0-or-later
// Many CPUs: throughput over their number, and what a hit waits for.
#include <fmt/format.h>

#include <algorithm>

#include "sim/profile/shared_line.h"
#include "tools/charts/charts.h"

namespace uprobesim {
namespace {

Chart throughput(std::string title) {
    return {.kind = Chart::Kind::Lines,
            .title = std::move(title),
            .unit = "million hits a second",
            .row_axis = "CPUs",
            .even = true};
}

void add_places(Chart& chart, const std::vector<unsigned>& producers) {
    for (const unsigned cpus : producers)
        chart.rows.push_back({.name = std::to_string(cpus),
                              .values = {},
                              .at = static_cast<double>(chart.rows.size())});
}

// With the range of the starts.
Chart::Value rate_of(const ProducersRow& row) {
    return {row.mean(), row.rates.front(), row.rates.back()};
}

std::string place_of(const ProducersTable& table) {
    return fmt::format("{} on {}{}", table.kernel.name, table.machine.name,
                       table.handler.empty() ? "" : ", handler " + table.handler);
}

Chart rates_chart(const ProducersTable& table) {
    Chart chart = throughput(fmt::format("Throughput: {}", place_of(table)));
    for (const ProducersSeries& series : table.series) {
        chart.series.push_back({series.variant.name()});
        for (std::size_t i = 0; i < series.rows.size(); ++i) {
            if (chart.rows.size() <= i)
                chart.rows.push_back({.name = std::to_string(series.rows[i].producers),
                                      .values = {},
                                      .at = static_cast<double>(i)});
            chart.rows[i].values.emplace_back(rate_of(series.rows[i]));
        }
    }
    return chart;
}

// Its own work, and its waiting for each line that it ever waits for.
Chart waits_chart(const ProducersTable& table, const ProducersSeries& series) {
    Chart chart{
        .kind = Chart::Kind::Stacked,
        .title = fmt::format("Time of a hit: {}, {}", series.variant.name(), place_of(table)),
        .series = {{"its own work", "simulated"}}};
    std::vector<std::size_t> lines;
    for (std::size_t line = 0; line < kSharedLineCount; ++line) {
        if (std::ranges::any_of(series.rows, [line](const ProducersRow& row) {
                return row.waited_by_line[line] > 0;
            })) {
            lines.push_back(line);
            chart.series.push_back({fmt::format("waits for {}", kSharedLines[line].name)});
        }
    }
    const auto ns = [&](double cycles) {
        return Chart::Value{cycles * 1e9 / table.machine.frequency_hz.value};
    };
    for (const ProducersRow& row : series.rows) {
        Chart::Row bar{
            .name = fmt::format("{} CPU{}", row.producers, row.producers == 1 ? "" : "s"),
            .values = {ns(row.own_cycles)}};
        for (const std::size_t line : lines) bar.values.emplace_back(ns(row.waited_by_line[line]));
        chart.rows.push_back(std::move(bar));
    }
    chart.choose_time_unit();
    return chart;
}

}  // namespace

std::vector<Chart> producers_charts(const ProducersReport& report) {
    std::vector<Chart> charts;
    for (const ProducersTable& table : report.tables) charts.push_back(rates_chart(table));
    for (const ProducersTable& table : report.tables) {
        for (const ProducersSeries& series : table.series)
            charts.push_back(waits_chart(table, series));
    }
    return charts;
}

std::vector<Chart> scaling_charts(const Scaling& scaling) {
    std::vector<Chart> charts;
    std::vector<std::string> variants;
    for (const ScalingSeries& series : scaling.data.series) {
        if (std::ranges::find(variants, series.variant.name()) == variants.end())
            variants.push_back(series.variant.name());
    }
    for (const std::string& variant : variants) {
        Chart chart = throughput(fmt::format("{}: published, and simulated", variant));
        add_places(chart, scaling.data.producers);
        for (std::size_t s = 0; s < scaling.data.series.size(); ++s) {
            const ScalingSeries& series = scaling.data.series[s];
            if (series.variant.name() != variant) continue;
            chart.series.push_back({.name = series.name + ", published", .points = true});
            chart.series.push_back({.name = series.name + ", simulated", .paired = true});
            for (Chart::Row& row : chart.rows) row.values.resize(chart.series.size());
            for (const ScalingRow& row : scaling.rows) {
                if (row.series != s) continue;
                const double error = row.published * scaling.tolerance(row);
                auto& values = chart.rows[row.place].values;
                values[chart.series.size() - 2] =
                    Chart::Value{row.published, row.published - error, row.published + error};
                values[chart.series.size() - 1] = rate_of(row.simulated);
            }
        }
        charts.push_back(std::move(chart));
    }
    return charts;
}

}  // namespace uprobesim
