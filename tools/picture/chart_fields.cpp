// SPDX-License-Identifier: GPL-2.0-or-later
// Charts of a figure over axes: lines with bands, a field of colours, upright axes with a line for
// each point.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "tools/picture/chart_bodies.h"

namespace uprobesim {
namespace {

constexpr double kTall = 240, kTop = 10, kBelow = 40;

using Rgb = std::array<int, 3>;
// From light to dark, so that they are in order without colours too.
constexpr std::array<Rgb, 5> kShades = {{{0xfd, 0xf0, 0xd5},
                                         {0xf2, 0xb1, 0x34},
                                         {0xc8, 0x55, 0x3d},
                                         {0x6b, 0x1e, 0x5b},
                                         {0x1b, 0x0b, 0x3b}}};
constexpr std::array<Rgb, 3> kStrokes = {{{0x33, 0x9c, 0xd8}, {0x96, 0x96, 0x96}, {0xd5, 0x5e, 0}}};
constexpr double kDarkFrom = 0.52;  // of the shades: white texts

std::string mixed(std::span<const Rgb> colours, double part) {
    const double at = std::clamp(part, 0.0, 1.0) * static_cast<double>(colours.size() - 1);
    const std::size_t i = std::min(static_cast<std::size_t>(at), colours.size() - 2);
    const auto channel = [&](std::size_t c) {
        return static_cast<int>(std::lround(colours[i][c] + (colours[i + 1][c] - colours[i][c]) *
                                                                (at - static_cast<double>(i))));
    };
    return fmt::format("#{:02x}{:02x}{:02x}", channel(0), channel(1), channel(2));
}

struct Range {
    double least, most;
    double part(double value) const { return (value - least) / (most - least); }
};

Range range_of(const std::vector<double>& values) {
    const auto [least, most] = std::ranges::minmax_element(values);
    return *least == *most ? Range{*least - 1, *most + 1} : Range{*least, *most};
}

std::vector<double> values_of(const Chart& chart) {
    std::vector<double> all;
    for (const Chart::Row& row : chart.rows) {
        for (const auto& value : row.values) {
            if (value) all.push_back(value->value);
        }
    }
    return all.empty() ? std::vector<double>{0} : all;
}

std::vector<double> last_axis(const Chart& chart) {
    std::vector<double> all;
    for (const Chart::Row& row : chart.rows) all.push_back(row.values.back()->value);
    return all;
}

double low_of(const Chart::Value& value) {
    return value.low.value_or(value.value);
}
double high_of(const Chart::Value& value) {
    return value.high.value_or(value.value);
}

SvgScale y_scale(const Chart& chart) {
    std::vector<double> ends;
    for (const Chart::Row& row : chart.rows) {
        for (const auto& value : row.values) {
            if (!value) continue;
            ends.push_back(low_of(*value));
            ends.push_back(high_of(*value));
        }
    }
    // Rates are compared by their lengths; a figure over a parameter by its changes.
    if (chart.even || ends.empty()) ends.push_back(0);
    const Range range = range_of(ends);
    SvgScale y{range.least, range.most, kTop + kTall, kTop};
    y.widen(5);
    return y;
}

void draw_series(SvgPen& pen, const Chart& chart, std::size_t s, const SvgScale& x,
                 const SvgScale& y) {
    const Chart::Series& series = chart.series[s];
    const std::string_view fill = series_fill(chart, s);
    std::string mean, high, low;
    for (const Chart::Row& row : chart.rows) {
        if (!row.values[s]) continue;
        const Chart::Value& value = *row.values[s];
        const auto point = [&](double of) {
            return fmt::format("{:.1f} {:.1f}", x.at(row.at), y.at(of));
        };
        mean += (mean.empty() ? "M" : "L") + point(value.value);
        high += (high.empty() ? "M" : "L") + point(high_of(value));
        low.insert(0, "L" + point(low_of(value)));
    }
    if (mean.empty()) return;
    if (!series.points) {
        pen.path(high + low + "Z", {.fill = fill, .opacity = 0.15});
        pen.path(mean, {.stroke = fill, .width = 2});
    }
    for (const Chart::Row& row : chart.rows) {
        if (!row.values[s]) continue;
        const Chart::Value& value = *row.values[s];
        const double at = x.at(row.at);
        if (series.points)
            pen.path(fmt::format("M{:.1f} {:.1f}h8m-4 0V{:.1f}m-4 0h8", at - 4,
                                 y.at(high_of(value)), y.at(low_of(value))),
                     {.stroke = fill, .width = 1.5});
        const auto style = series.points
                               ? SvgPen::Style{.fill = "#fff", .stroke = fill, .width = 1.5}
                               : SvgPen::Style{.fill = fill};
        pen.circle(at, y.at(value.value), series.points ? 4 : 3, style,
                   fmt::format("{}, {} {}: {} {}", series.name, chart.row_axis, row.name,
                               chart_figure(value.value), chart.unit));
    }
}

}  // namespace

double draw_lines(SvgPen& pen, const Chart& chart, double width) {
    const SvgScale y = y_scale(chart);
    double left = 0;
    for (const double tick : y.ticks(5)) left = std::max(left, text_width(tick_text(tick)) + 14);
    const double right = width - 16;
    for (const double tick : y.ticks(5)) {
        pen.line(left, y.at(tick), right, y.at(tick), SvgPen::kLine);
        pen.text(left - 6, y.at(tick) + 4, tick_text(tick), Anchor::End, SvgPen::kQuiet);
    }
    std::vector<double> places;
    for (const Chart::Row& row : chart.rows) places.push_back(row.at);
    const Range along = range_of(places);
    const SvgScale x{along.least, along.most, left + 12, right - 12};
    const auto mark = [&](double at, const std::string& text) {
        pen.text(x.at(at), kTop + kTall + 16, text, Anchor::Middle, SvgPen::kQuiet);
    };
    if (chart.even) {
        for (const Chart::Row& row : chart.rows) mark(row.at, row.name);
    } else {
        for (const double tick : x.ticks(9)) mark(tick, tick_text(tick));
    }
    pen.text((left + right) / 2, kTop + kTall + 34, chart.row_axis, Anchor::Middle);
    for (std::size_t s = 0; s < chart.series.size(); ++s) draw_series(pen, chart, s, x, y);
    return kTop + kTall + kBelow;
}

double draw_heat(SvgPen& pen, const Chart& chart, double width) {
    const Range range = range_of(values_of(chart));
    double left = 0;
    for (const Chart::Row& row : chart.rows) left = std::max(left, text_width(row.name));
    left = std::min(left, width * 0.3) + 12;
    const auto rows = static_cast<double>(chart.rows.size());
    const double wide = (width - 8 - left) / static_cast<double>(chart.series.size());
    const double tall = std::clamp(300 / rows, 18.0, 34.0), bottom = kTop + 16 + tall * rows;
    pen.text(0, kTop + 6, chart.row_axis, Anchor::Start, SvgPen::kQuiet);
    for (std::size_t r = 0; r < chart.rows.size(); ++r) {
        const double y = bottom - tall * static_cast<double>(r + 1);
        pen.text(left - 8, y + tall / 2 + 4, fitted(chart.rows[r].name, left - 12), Anchor::End);
        for (std::size_t s = 0; s < chart.series.size(); ++s) {
            const auto& value = chart.rows[r].values[s];
            if (!value) continue;
            const double x = left + static_cast<double>(s) * wide, part = range.part(value->value);
            const std::string text = chart_figure(value->value);
            pen.rect(x, y, wide - 1, tall - 1, mixed(kShades, part),
                     fmt::format("{} {}, {} {}: {} {}", chart.series_axis, chart.series[s].name,
                                 chart.row_axis, chart.rows[r].name, text, chart.unit));
            if (wide > text_width(text) + 6)
                pen.text(x + wide / 2, y + tall / 2 + 4, text, Anchor::Middle,
                         part > kDarkFrom ? "#fff" : "#000");
        }
    }
    double widest = 0;
    for (const Chart::Series& one : chart.series)
        widest = std::max(widest, std::min(text_width(one.name), 90.0) + 8);
    const auto every = static_cast<std::size_t>(std::max(1.0, std::ceil(widest / wide)));
    for (std::size_t s = 0; s < chart.series.size(); s += every)
        pen.text(left + (static_cast<double>(s) + 0.5) * wide, bottom + 16,
                 fitted(chart.series[s].name, wide * static_cast<double>(every) - 6),
                 Anchor::Middle);
    pen.text(left + (width - 8 - left) / 2, bottom + 34, chart.series_axis, Anchor::Middle,
             SvgPen::kQuiet);
    return bottom + kBelow;
}

double draw_parallel(SvgPen& pen, const Chart& chart, double width) {
    const double top = kTop + 34, side = 56;
    const std::size_t last = chart.series.size() - 1;
    const double gap = (width - 2 * side) / std::max(1.0, static_cast<double>(last));
    std::vector<SvgScale> scales;
    for (std::size_t s = 0; s <= last; ++s) {
        const auto words = static_cast<double>(chart.series[s].words.size());
        std::vector<double> values;
        for (const Chart::Row& row : chart.rows) values.push_back(row.values[s]->value);
        const Range range = words > 0 ? Range{-0.5, words - 0.5} : range_of(values);
        scales.push_back({range.least, range.most, top + kTall, top});
    }
    const Range colours = range_of(last_axis(chart));
    const auto x_of = [&](std::size_t s) { return side + static_cast<double>(s) * gap; };
    for (const Chart::Row& row : chart.rows) {
        std::string d;
        for (std::size_t s = 0; s <= last; ++s)
            d += fmt::format("{}{:.1f} {:.1f}", s == 0 ? "M" : "L", x_of(s),
                             scales[s].at(row.values[s]->value));
        pen.path(
            d, {.stroke = mixed(kStrokes, colours.part(row.values[last]->value)), .opacity = 0.55},
            row.name);
    }
    for (std::size_t s = 0; s <= last; ++s) {
        const Chart::Series& series = chart.series[s];
        pen.line(x_of(s), top, x_of(s), top + kTall, SvgPen::kInk);
        pen.text(x_of(s), s % 2 == 0 ? kTop + 20 : kTop + 4,
                 fitted(series.name, std::min(2 * gap - 8, 2 * side)), Anchor::Middle);
        const auto mark = [&](double value, const std::string& text) {
            pen.text_over(x_of(s) + 4, scales[s].at(value) + 4,
                          fitted(text, s == last ? side - 8 : std::max(gap - 8, 40.0)));
        };
        for (std::size_t w = 0; w < series.words.size(); ++w)
            mark(static_cast<double>(w), series.words[w]);
        if (!series.words.empty()) continue;
        for (const double tick : scales[s].ticks(4)) mark(tick, tick_text(tick));
    }
    return top + kTall + 12;
}

double draw_ramp(SvgPen& pen, const Chart& chart) {
    constexpr int kParts = 30;
    constexpr double kWide = 120, kHigh = 12;
    const bool heat = chart.kind == Chart::Kind::Heat;
    const Range range = range_of(heat ? values_of(chart) : last_axis(chart));
    const std::string least = tick_text(range.least);
    const double left = text_width(least) + 8;
    pen.text(0, kHigh - 1, least);
    for (int i = 0; i < kParts; ++i) {
        const double part = (i + 0.5) / kParts;
        pen.rect(left + kWide * i / kParts, 0, kWide / kParts + 0.5, kHigh,
                 heat ? mixed(kShades, part) : mixed(kStrokes, part));
    }
    pen.text(left + kWide + 8, kHigh - 1,
             tick_text(range.most) + (heat ? " " + chart.unit : std::string()));
    return kHigh + 12;
}

}  // namespace uprobesim
