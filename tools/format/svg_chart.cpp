// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/format/svg_text.h"

namespace uprobesim {
namespace {

constexpr double kLeft = 60, kTop = 60, kHeight = 260, kBar = 28, kGap = 36, kBottom = 60;

}  // namespace

std::string BarChart::svg() const {
    double most = 1e-9;
    for (const Group& group : groups) {
        for (const double value : group.values) most = std::max(most, value);
    }
    const double step = svg_step(most), top = std::ceil(most / step) * step;
    const double group_width = kBar * static_cast<double>(series.size()) + kGap;
    const double width = kLeft + group_width * static_cast<double>(groups.size()) + kGap;
    const auto y_of = [&](double value) { return kTop + kHeight * (1 - value / top); };
    std::string svg =
        svg_head(std::max(width, 480.0), kTop + kHeight + kBottom, kLeft, title, unit);
    for (int i = 0; i * step <= top * 1.0001; ++i)
        svg += svg_grid_line(kLeft, width, y_of(i * step), i * step);
    double x = kLeft + kGap / 2;
    for (const Group& group : groups) {
        for (std::size_t s = 0; s < group.values.size(); ++s) {
            const double at = x + kBar * static_cast<double>(s), y = y_of(group.values[s]);
            svg += fmt::format(
                "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"/>\n"
                "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"9\" "
                "text-anchor=\"middle\">{:.3g}</text>\n",
                at, y, kBar - 2, kTop + kHeight - y, svg_colour(s), at + kBar / 2, y - 3,
                group.values[s]);
        }
        svg += fmt::format(
            "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" font-size=\"10\">{}</text>\n",
            x + kBar * static_cast<double>(group.values.size()) / 2, kTop + kHeight + 16,
            svg_escaped(group.name));
        x += group_width;
    }
    for (std::size_t s = 0; s < series.size(); ++s) {
        const double at = kLeft + 110 * static_cast<double>(s), y = kTop + kHeight + 36;
        svg += svg_legend(at, y, s, series[s]);
    }
    return svg + "</svg>\n";
}

}  // namespace uprobesim
