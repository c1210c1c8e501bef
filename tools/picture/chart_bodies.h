// SPDX-License-Identifier: GPL-2.0-or-later
// The kinds of chart, each drawn from (0, 0) at the width that there is; what they return is their
// height in pixels.
#pragma once

#include <string>
#include <string_view>

#include "tools/picture/chart.h"
#include "tools/picture/svg_pen.h"

namespace uprobesim {

// Those of the pages (tools/html/page.css, charts.css).
std::string_view series_fill(const Chart& chart, std::size_t series);
// Texts on it: black or white.
std::string_view text_on(std::string_view fill);
inline constexpr std::string_view kRangeFill = "#56b4e9", kHighFill = "#e69f00";

double draw_stacked(SvgPen& pen, const Chart& chart, double width);
double draw_bars(SvgPen& pen, const Chart& chart, double width);
double draw_ranges(SvgPen& pen, const Chart& chart, double width);
double draw_tornado(SvgPen& pen, const Chart& chart, double width);
double draw_lines(SvgPen& pen, const Chart& chart, double width);
double draw_heat(SvgPen& pen, const Chart& chart, double width);
double draw_parallel(SvgPen& pen, const Chart& chart, double width);

// What the colours of a field or of many lines mean: from the least to the most.
double draw_ramp(SvgPen& pen, const Chart& chart);

}  // namespace uprobesim
