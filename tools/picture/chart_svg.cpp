// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/picture/chart_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tools/picture/chart_bodies.h"

namespace uprobesim {
namespace {

constexpr double kWidth = 960, kMargin = 24, kSwatch = 12, kRowHeight = 20, kBetween = 32;

struct WorkFill {
    std::string_view work, fill;
};
// One colour for each kind of work, after Okabe and Ito; those of page.css, which a test compares.
constexpr std::array kWorkFills = {
    WorkFill{"user", "#009e73"},         WorkFill{"hardware", "#1a1a1a"},
    WorkFill{"entry-exit", "#8c8c8c"},   WorkFill{"lookup", "#56b4e9"},
    WorkFill{"consumers", "#cc79a7"},    WorkFill{"emulation", "#f0e442"},
    WorkFill{"slot", "#e69f00"},         WorkFill{"cache-maintenance", "#d55e00"},
    WorkFill{"step", "#0072b2"},         WorkFill{"other", "#b8b8b8"},
    WorkFill{"system-call", "#56b4e9"},  WorkFill{"fault", "#e69f00"},
    WorkFill{"signal", "#cc79a7"},       WorkFill{"scheduling", "#f0e442"},
    WorkFill{"system-calls", "#56b4e9"}, WorkFill{"faults", "#e69f00"},
    WorkFill{"signals", "#cc79a7"},      WorkFill{"probes", "#d55e00"},
    WorkFill{"idle", "#d4d4d4"},         WorkFill{"published", "#8c8c8c"},
    WorkFill{"simulated", "#0072b2"}};
constexpr std::array<std::string_view, 7> kSeriesFills = {
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c"};

struct LegendEntry {
    std::string_view fill;
    std::string text;
};

std::vector<LegendEntry> legend_of(const Chart& chart) {
    if (chart.kind == Chart::Kind::Tornado)
        return {{kRangeFill, "the parameter at its low end"}, {kHighFill, "at its high end"}};
    if (chart.kind == Chart::Kind::Ranges) return {{kRangeFill, "low to high"}};
    std::vector<LegendEntry> entries;
    if (chart.series.size() < 2) return entries;
    for (std::size_t s = 0; s < chart.series.size(); ++s)
        entries.push_back({series_fill(chart, s), chart.series[s].name});
    return entries;
}

double draw_legend(SvgPen& pen, const Chart& chart, double width) {
    if (chart.kind == Chart::Kind::Heat || chart.kind == Chart::Kind::Parallel)
        return draw_ramp(pen, chart);
    double x = 0, y = 0;
    const auto entries = legend_of(chart);
    for (std::size_t e = 0; e < entries.size(); ++e) {
        const std::string text = fitted(entries[e].text, width - 2 * kSwatch);
        const double wide = kSwatch + 6 + text_width(text) + 16;
        if (x > 0 && x + wide > width) {
            x = 0;
            y += kRowHeight;
        }
        const bool points =
            chart.kind == Chart::Kind::Lines && e < chart.series.size() && chart.series[e].points;
        if (points)
            pen.circle(x + kSwatch / 2, y + kSwatch / 2, 4,
                       {.fill = "#fff", .stroke = entries[e].fill, .width = 1.5});
        else
            pen.rect(x, y, kSwatch, kSwatch, entries[e].fill);
        pen.text(x + kSwatch + 6, y + kSwatch - 1, text);
        x += wide;
    }
    return entries.empty() ? 0 : y + kRowHeight + 4;
}

double draw_body(SvgPen& pen, const Chart& chart, double width) {
    switch (chart.kind) {
        case Chart::Kind::Stacked: return draw_stacked(pen, chart, width);
        case Chart::Kind::Bars: return draw_bars(pen, chart, width);
        case Chart::Kind::Ranges: return draw_ranges(pen, chart, width);
        case Chart::Kind::Tornado: return draw_tornado(pen, chart, width);
        case Chart::Kind::Lines: return draw_lines(pen, chart, width);
        case Chart::Kind::Heat: return draw_heat(pen, chart, width);
        case Chart::Kind::Parallel: break;
    }
    return draw_parallel(pen, chart, width);
}

}  // namespace

std::string_view series_fill(const Chart& chart, std::size_t series) {
    const auto* found =
        std::ranges::find(kWorkFills, std::string_view(chart.series[series].work), &WorkFill::work);
    return found != kWorkFills.end() ? found->fill : kSeriesFills[chart_colour(chart, series)];
}

std::string_view text_on(std::string_view fill) {
    return fill == "#1a1a1a" || fill == "#0072b2" || fill == "#d55e00" ? "#fff" : "#000";
}

std::string charts_svg(const std::string& title, const std::vector<Chart>& charts) {
    SvgPen pen;
    const double width = kWidth - 2 * kMargin;
    pen.text(kMargin, kMargin + kTextSize, fitted(title, width), Anchor::Start, SvgPen::kQuiet);
    double y = kMargin + kTextSize + 24;
    const auto place = [&](const auto& draw) {
        SvgPen part;
        const double height = draw(part);
        pen.begin_group(kMargin, y);
        pen.append(part);
        pen.end_group();
        y += height;
    };
    if (std::ranges::all_of(charts, &Chart::empty)) {
        pen.text(kMargin, y, "This report has no figures to draw.");
        y += kBetween;
    }
    for (const Chart& chart : charts) {
        if (chart.empty()) continue;
        const std::string name = fitted(chart.title, width * 0.85);
        pen.text(kMargin, y, name, Anchor::Start, SvgPen::kInk, true);
        // Bold type is wider.
        pen.text(kMargin + text_width(name) * 1.12 + 8, y, chart.unit, Anchor::Start,
                 SvgPen::kQuiet);
        y += 14;
        place([&](SvgPen& part) { return draw_legend(part, chart, width); });
        place([&](SvgPen& part) { return draw_body(part, chart, width); });
        y += kBetween;
    }
    return std::move(pen).svg(kWidth, y, title);
}

}  // namespace uprobesim
