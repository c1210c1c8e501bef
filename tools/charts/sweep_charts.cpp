// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "tools/charts/charts.h"
#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

constexpr std::size_t kMostEffects = 15;   // axes of one chart
constexpr std::size_t kMostCharts = 6;     // of combinations
constexpr std::size_t kMostLines = 4;      // axes that have a chart of lines
constexpr std::size_t kMostSeries = 7;     // lines of one: as many as there are colours
constexpr std::size_t kMostThreads = 200;  // points of the parallel axes
constexpr std::size_t kMostUpright = 10;   // of these axes

std::string titled(std::string_view title, const std::string& at) {
    return at.empty() ? std::string(title) : fmt::format("{} ({})", title, at);
}

Chart effects_chart(const PlotData& plot, const Effects& effects) {
    Chart chart{.title = titled("What moves " + plot.figure, effects.at),
                .unit = "% of its variance",
                .series = {{"alone (first-order)"}}};
    const bool has_totals = std::any_of(effects.axes.begin(), effects.axes.end(),
                                        [](const AxisEffect& axis) { return axis.total; });
    if (has_totals) chart.series.push_back({"with all others (total)"});
    const auto value = [](const Share& share) {
        Chart::Value one{100 * std::max(share.value, 0.0)};
        if (share.low != share.high) {
            one.low = 100 * std::max(share.low, 0.0);
            one.high = 100 * std::max(share.high, 0.0);
        }
        return one;
    };
    for (const AxisEffect& axis : effects.axes) {
        if (chart.rows.size() == kMostEffects) break;
        Chart::Row row{.name = axis.name, .values = {value(axis.first)}};
        if (has_totals)
            row.values.push_back(axis.total ? std::optional(value(*axis.total)) : std::nullopt);
        chart.rows.push_back(std::move(row));
    }
    return chart;
}

// Mean and range of the values of some points.
struct Cell {
    double sum = 0, low = 0, high = 0;
    std::size_t count = 0;

    void add(double value) {
        low = count == 0 ? value : std::min(low, value);
        high = count == 0 ? value : std::max(high, value);
        sum += value;
        ++count;
    }
    std::optional<Chart::Value> value(bool with_range) const {
        if (count == 0) return std::nullopt;
        Chart::Value one{sum / static_cast<double>(count)};
        if (with_range && low != high) {
            one.low = low;
            one.high = high;
        }
        return one;
    }
};

// By the places of two axes; `other` null: one column.
std::vector<std::vector<Cell>> cells_of(const PlotData& plot, const AxisPlaces& axis,
                                        const AxisPlaces* other) {
    std::vector<std::vector<Cell>> cells(
        axis.labels.size(), std::vector<Cell>(other == nullptr ? 1 : other->labels.size()));
    for (std::size_t point = 0; point < plot.values.size(); ++point) {
        if (plot.values[point])
            cells[axis.of[point]][other == nullptr ? 0 : other->of[point]].add(*plot.values[point]);
    }
    return cells;
}

void name_unit(Chart& chart, const PlotData& plot) {
    chart.unit = plot.figure;
    if (!plot.is_time) return;
    chart.choose_time_unit();
}

Chart lines_chart(const PlotData& plot, const AxisPlaces& axis, const AxisPlaces* other) {
    Chart chart{.kind = Chart::Kind::Lines,
                .title = fmt::format("{} over {}: mean and range over all other axes", plot.figure,
                                     axis.name),
                .row_axis = axis.name};
    if (other == nullptr) {
        chart.series.push_back({plot.figure});
    } else {
        for (const std::string& label : other->labels) chart.series.push_back({label});
        chart.title += fmt::format(", by {}", other->name);
    }
    const auto cells = cells_of(plot, axis, other);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        Chart::Row row{.name = axis.labels[i], .at = axis.at[i]};
        for (const Cell& cell : cells[i]) row.values.push_back(cell.value(true));
        chart.rows.push_back(std::move(row));
    }
    name_unit(chart, plot);
    return chart;
}

Chart heat_chart(const PlotData& plot, const AxisPlaces& rows, const AxisPlaces& columns) {
    Chart chart{
        .kind = Chart::Kind::Heat,
        .title = fmt::format("{} over {} and {}: means", plot.figure, columns.name, rows.name),
        .row_axis = rows.name,
        .series_axis = columns.name};
    for (const std::string& label : columns.labels) chart.series.push_back({label});
    const auto cells = cells_of(plot, rows, &columns);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        Chart::Row row{.name = rows.labels[i]};
        for (const Cell& cell : cells[i]) row.values.push_back(cell.value(false));
        chart.rows.push_back(std::move(row));
    }
    name_unit(chart, plot);
    return chart;
}

Chart parallel_chart(const PlotData& plot, const std::vector<const AxisPlaces*>& axes) {
    Chart chart{.kind = Chart::Kind::Parallel, .unit = "a line for each point"};
    for (const AxisPlaces* axis : axes)
        chart.series.push_back(
            {axis->name, {}, axis->is_number ? std::vector<std::string>() : axis->labels});
    chart.series.push_back({plot.figure});
    std::vector<std::size_t> done;
    for (std::size_t point = 0; point < plot.values.size(); ++point) {
        if (plot.values[point]) done.push_back(point);
    }
    const std::size_t shown = std::min(done.size(), kMostThreads);
    for (std::size_t i = 0; i < shown; ++i) {
        const std::size_t point = done[i * done.size() / shown];
        Chart::Row row{.name = fmt::format("point {}", point + 1)};
        for (const AxisPlaces* axis : axes)
            row.values.emplace_back(Chart::Value{axis->values[point]});
        row.values.emplace_back(Chart::Value{*plot.values[point]});
        chart.rows.push_back(std::move(row));
    }
    chart.title = shown == done.size()
                      ? fmt::format("All points, by {}", plot.figure)
                      : fmt::format("{} of {} points, by {}", grouped(std::uint64_t{shown}),
                                    grouped(std::uint64_t{done.size()}), plot.figure);
    return chart;
}

// Those of the first list of effects, in its order, then the rest: with Sobol's indices the axes
// that are not sampled.
std::vector<const AxisPlaces*> by_effect(const PlotData& plot) {
    std::vector<const AxisPlaces*> axes;
    const auto add = [&](std::size_t wanted) {
        for (const AxisPlaces& axis : plot.axes) {
            if (axis.axis == wanted && std::find(axes.begin(), axes.end(), &axis) == axes.end())
                axes.push_back(&axis);
        }
    };
    for (const AxisPlaces& axis : plot.axes) {
        const auto& effects = plot.effects.front().axes;
        if (std::none_of(effects.begin(), effects.end(),
                         [&](const AxisEffect& effect) { return effect.axis == axis.axis; }))
            add(axis.axis);
    }
    for (const AxisEffect& effect : plot.effects.front().axes) add(effect.axis);
    return axes;
}

}  // namespace

std::vector<Chart> sweep_charts(const SweepResults& /*results*/,
                                const std::vector<PlotData>& plots) {
    std::vector<Chart> charts;
    for (const PlotData& plot : plots) {
        if (plot.effects.empty()) continue;
        for (std::size_t i = 0; i < std::min(plot.effects.size(), kMostCharts); ++i)
            charts.push_back(effects_chart(plot, plot.effects[i]));
        auto axes = by_effect(plot);
        const auto words = std::find_if(axes.begin(), axes.end(), [](const AxisPlaces* axis) {
            return !axis->is_number && axis->labels.size() <= kMostSeries;
        });
        const AxisPlaces* by = words == axes.end() ? nullptr : *words;
        std::vector<const AxisPlaces*> numbers;
        for (const AxisPlaces* axis : axes) {
            if (axis->is_number) numbers.push_back(axis);
        }
        for (std::size_t i = 0; i < std::min(numbers.size(), kMostLines); ++i)
            charts.push_back(lines_chart(plot, *numbers[i], by));
        if (axes.size() > 1) {
            const bool two = numbers.size() > 1;
            charts.push_back(
                heat_chart(plot, *(two ? numbers[1] : axes[1]), *(two ? numbers[0] : axes[0])));
        }
        axes.resize(std::min(axes.size(), kMostUpright));
        charts.push_back(parallel_chart(plot, axes));
    }
    return charts;
}

}  // namespace uprobesim
