// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/svg_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/format/svg_text.h"

namespace uprobesim {
namespace {

constexpr double kLeft = 60, kTop = 60, kHeight = 300, kStep = 90, kBottom = 50, kRow = 18;

}  // namespace

std::string LineChart::svg() const {
    double most = 1e-9;
    for (const Series& one : series) {
        for (const Point& point : one.points) most = std::max(most, point.high);
    }
    const double step = svg_step(most), top = std::ceil(most / step) * step;
    const double right = kLeft + kStep * static_cast<double>(places.size());
    const double below = kTop + kHeight + kBottom;
    const auto x_of = [&](std::size_t place) {
        return kLeft + kStep * (static_cast<double>(place) + 0.5);
    };
    const auto y_of = [&](double value) { return kTop + kHeight * (1 - value / top); };
    std::string svg =
        svg_head(std::max(right + 20, 480.0), below + kRow * static_cast<double>(series.size()),
                 kLeft, title, unit);
    for (int i = 0; i * step <= top * 1.0001; ++i)
        svg += svg_grid_line(kLeft, right, y_of(i * step), i * step);
    for (std::size_t place = 0; place < places.size(); ++place) {
        svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
                           x_of(place), kTop + kHeight + 16, svg_escaped(places[place]));
    }
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", right,
                       kTop + kHeight + 32, svg_escaped(place_name));
    for (std::size_t s = 0; s < series.size(); ++s) {
        const char* const colour = svg_colour(s);
        std::string line;
        for (std::size_t place = 0; place < series[s].points.size(); ++place) {
            const Point& point = series[s].points[place];
            const double x = x_of(place);
            line += fmt::format("{}{:.1f},{:.1f}", line.empty() ? "" : " ", x, y_of(point.value));
            svg += fmt::format(
                "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" "
                "stroke=\"{3}\"/>\n<circle cx=\"{0:.1f}\" cy=\"{4:.1f}\" r=\"3\" "
                "fill=\"{3}\"/>\n",
                x, y_of(point.low), y_of(point.high), colour, y_of(point.value));
        }
        svg += fmt::format(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", line,
            colour);
        svg += svg_legend(kLeft, below + kRow * (static_cast<double>(s) - 0.5), s, series[s].name);
    }
    return svg + "</svg>\n";
}

}  // namespace uprobesim
