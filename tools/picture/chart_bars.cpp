// SPDX-License-Identifier: GPL-2.0-or-later
// Charts of bars along one axis: a row for each name.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/picture/chart_bodies.h"

namespace uprobesim {
namespace {

constexpr double kBar = 16, kGap = 8, kAxis = 24, kRoomForFigure = 72;

std::string noted(const Chart::Row& row) {
    return row.note.empty() ? row.name : fmt::format("{}  {}", row.name, row.note);
}

// Where the rows and the axis are.
struct Layout {
    double left, height;
    SvgScale x;
    double rows_height;

    Layout(const Chart& chart, double width, double row_height, double from, double to)
        : height(row_height) {
        double widest = 0;
        for (const Chart::Row& row : chart.rows) widest = std::max(widest, text_width(noted(row)));
        left = std::min(widest + 12, width * 0.45);
        x = {from, to > from ? to : from + 1, left, width - kRoomForFigure};
        rows_height = 4 + static_cast<double>(chart.rows.size()) * (height + kGap);
    }
    double top(std::size_t row) const { return 4 + static_cast<double>(row) * (height + kGap); }
    double whole() const { return rows_height + kAxis; }

    void draw_axis(SvgPen& pen) const {
        for (const double tick : x.ticks(7)) {
            pen.line(x.at(tick), 0, x.at(tick), rows_height, SvgPen::kLine);
            pen.text(x.at(tick), rows_height + 14, tick_text(tick), Anchor::Middle, SvgPen::kQuiet);
        }
    }
    void draw_name(SvgPen& pen, const Chart& chart, std::size_t row) const {
        pen.text(left - 8, top(row) + height / 2 + 4, fitted(noted(chart.rows[row]), left - 12),
                 Anchor::End);
    }
};

double sum_of(const Chart::Row& row) {
    double sum = 0;
    for (const auto& value : row.values) sum += value ? value->value : 0;
    return sum;
}

void draw_range(SvgPen& pen, const Chart::Value& value, const SvgScale& x, double y) {
    if (!value.low || !value.high) return;
    pen.path(fmt::format("M{0:.1f} {1:.1f}v8m0 -4H{2:.1f}m0 -4v8", x.at(*value.low), y - 4,
                         x.at(*value.high)),
             {.stroke = SvgPen::kInk, .width = 1.5});
}

// "+3.1 %", of the base.
std::string moved(double value, double base) {
    return fmt::format("{:+.1f} %", 100 * (value / base - 1));
}

}  // namespace

double draw_stacked(SvgPen& pen, const Chart& chart, double width) {
    double most = chart.axis;
    for (const Chart::Row& row : chart.rows) most = std::max(most, sum_of(row));
    const Layout layout(chart, width, kBar + 4, 0, most);
    layout.draw_axis(pen);
    for (std::size_t r = 0; r < chart.rows.size(); ++r) {
        const Chart::Row& row = chart.rows[r];
        layout.draw_name(pen, chart, r);
        double from = 0;
        const double y = layout.top(r);
        for (std::size_t s = 0; s < row.values.size(); ++s) {
            if (!row.values[s] || row.values[s]->value <= 0) continue;
            const double value = row.values[s]->value, x = layout.x.at(from);
            const double wide = layout.x.at(from + value) - x;
            const std::string figure = chart_figure(value);
            const std::string_view fill = series_fill(chart, s);
            pen.rect(x, y, wide, layout.height, fill,
                     fmt::format("{}: {} {}", chart.series[s].name, figure, chart.unit));
            if (wide > text_width(figure) + 6)
                pen.text(x + wide / 2, y + 14, figure, Anchor::Middle, text_on(fill));
            from += value;
        }
        pen.text(layout.x.at(from) + 6, y + 14, chart_figure(from));
    }
    return layout.whole();
}

double draw_bars(SvgPen& pen, const Chart& chart, double width) {
    double most = chart.axis;
    for (const Chart::Row& row : chart.rows) {
        for (const auto& value : row.values)
            most = std::max(most, value ? value->high.value_or(value->value) : 0);
    }
    const auto count = static_cast<double>(chart.series.size());
    const double each = chart.series.size() == 1 ? kBar + 2 : kBar;
    const Layout layout(chart, width, each * count, 0, most);
    layout.draw_axis(pen);
    for (std::size_t r = 0; r < chart.rows.size(); ++r) {
        layout.draw_name(pen, chart, r);
        for (std::size_t s = 0; s < chart.rows[r].values.size(); ++s) {
            const auto& value = chart.rows[r].values[s];
            if (!value) continue;
            const double y = layout.top(r) + each * static_cast<double>(s);
            const std::string figure = chart_figure(value->value);
            pen.rect(layout.left, y, std::max(0.5, layout.x.at(value->value) - layout.left),
                     each - 1, series_fill(chart, s),
                     fmt::format("{}: {} {}", chart.series[s].name, figure, chart.unit));
            draw_range(pen, *value, layout.x, y + each / 2);
            pen.text(layout.x.at(value->high.value_or(value->value)) + 6, y + each / 2 + 4, figure);
        }
    }
    return layout.whole();
}

double draw_ranges(SvgPen& pen, const Chart& chart, double width) {
    double most = chart.axis;
    for (const Chart::Row& row : chart.rows)
        most = std::max(most, row.values.front()->high.value_or(row.values.front()->value));
    const Layout layout(chart, width, kBar + 4, 0, most);
    layout.draw_axis(pen);
    for (std::size_t r = 0; r < chart.rows.size(); ++r) {
        const Chart::Value& value = *chart.rows[r].values.front();
        const double low = value.low.value_or(value.value), high = value.high.value_or(value.value);
        const double y = layout.top(r) + layout.height / 2;
        layout.draw_name(pen, chart, r);
        pen.rect(layout.x.at(low), y - 6, std::max(1.0, layout.x.at(high) - layout.x.at(low)), 12,
                 kRangeFill,
                 fmt::format("{} to {} {}", chart_figure(low), chart_figure(high), chart.unit));
        pen.line(layout.x.at(value.value), y - 9, layout.x.at(value.value), y + 9, SvgPen::kInk, 2);
        if (layout.x.at(low) - layout.left > text_width(chart_figure(low)) + 6)
            pen.text(layout.x.at(low) - 6, y + 4, chart_figure(low), Anchor::End);
        pen.text(layout.x.at(high) + 6, y + 4, chart_figure(high));
    }
    return layout.whole();
}

double draw_tornado(SvgPen& pen, const Chart& chart, double width) {
    double least = chart.base, most = chart.base;
    for (const Chart::Row& row : chart.rows) {
        const Chart::Value& value = *row.values.front();
        least = std::min({least, *value.low, *value.high});
        most = std::max({most, *value.low, *value.high});
    }
    Layout layout(chart, width, kBar, least, most);
    layout.x.begin += 56;  // for the figures of what becomes less
    layout.draw_axis(pen);
    const double base = layout.x.at(chart.base);
    for (std::size_t r = 0; r < chart.rows.size(); ++r) {
        const Chart::Value& value = *chart.rows[r].values.front();
        const double y = layout.top(r);
        layout.draw_name(pen, chart, r);
        for (const auto& [end, fill] :
             {std::pair(*value.low, kRangeFill), std::pair(*value.high, kHighFill)})
            pen.rect(std::min(layout.x.at(end), base), y, std::abs(layout.x.at(end) - base), kBar,
                     fill, fmt::format("{} {}", chart_figure(end), chart.unit));
        const double left = std::min({*value.low, *value.high, chart.base}),
                     right = std::max({*value.low, *value.high, chart.base});
        if (left < chart.base)
            pen.text(layout.x.at(left) - 6, y + 12, moved(left, chart.base), Anchor::End);
        if (right > chart.base) pen.text(layout.x.at(right) + 6, y + 12, moved(right, chart.base));
    }
    pen.line(base, 0, base, layout.rows_height, SvgPen::kInk, 2);
    return layout.whole();
}

}  // namespace uprobesim
