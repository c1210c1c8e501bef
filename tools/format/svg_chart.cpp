// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace uprobesim {
namespace {

constexpr double kLeft = 60, kTop = 60, kHeight = 260, kBar = 28, kGap = 36, kBottom = 60;
// Distinguishable without colour vision (Okabe and Ito).
constexpr const char* kColours[] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7"};

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            default: out += c;
        }
    }
    return out;
}

// The smallest of 1, 2, 5 times a power of ten that needs at most five steps to `most`.
double step_for(double most) {
    const double power = std::pow(10, std::floor(std::log10(most / 5)));
    for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
        if (most / (factor * power) <= 5) return factor * power;
    }
    return most;
}

}  // namespace

std::string BarChart::svg() const {
    double most = 1e-9;
    for (const Group& group : groups) {
        for (const double value : group.values) most = std::max(most, value);
    }
    const double step = step_for(most), top = std::ceil(most / step) * step;
    const double group_width = kBar * static_cast<double>(series.size()) + kGap;
    const double width = kLeft + group_width * static_cast<double>(groups.size()) + kGap;
    const auto y_of = [&](double value) { return kTop + kHeight * (1 - value / top); };
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0f}\" height=\"{:.0f}\" "
        "font-family=\"sans-serif\" "
        "font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        "<text x=\"{:.0f}\" y=\"20\" font-size=\"14\">{}</text>\n<text x=\"{:.0f}\" y=\"40\" "
        "fill=\"#555\">{}</text>\n",
        std::max(width, 480.0), kTop + kHeight + kBottom, kLeft, escaped(title), kLeft,
        escaped(unit));
    for (int i = 0; i * step <= top * 1.0001; ++i) {
        svg += fmt::format(
            "<line x1=\"{0:.0f}\" x2=\"{1:.0f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"#ddd\"/>\n"
            "<text x=\"{3:.0f}\" y=\"{4:.1f}\" text-anchor=\"end\">{5:g}</text>\n",
            kLeft, width, y_of(i * step), kLeft - 6, y_of(i * step) + 4, i * step);
    }
    double x = kLeft + kGap / 2;
    for (const Group& group : groups) {
        for (std::size_t s = 0; s < group.values.size(); ++s) {
            const double at = x + kBar * static_cast<double>(s), y = y_of(group.values[s]);
            svg += fmt::format(
                "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"/>\n"
                "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"9\" "
                "text-anchor=\"middle\">{:.3g}</text>\n",
                at, y, kBar - 2, kTop + kHeight - y, kColours[s % std::size(kColours)],
                at + kBar / 2, y - 3, group.values[s]);
        }
        svg += fmt::format(
            "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" font-size=\"10\">{}</text>\n",
            x + kBar * static_cast<double>(group.values.size()) / 2, kTop + kHeight + 16,
            escaped(group.name));
        x += group_width;
    }
    for (std::size_t s = 0; s < series.size(); ++s) {
        const double at = kLeft + 110 * static_cast<double>(s), y = kTop + kHeight + 36;
        svg += fmt::format(
            "<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"12\" height=\"12\" fill=\"{}\"/>\n"
            "<text x=\"{:.0f}\" y=\"{:.0f}\">{}</text>\n",
            at, y, kColours[s % std::size(kColours)], at + 18, y + 10, escaped(series[s]));
    }
    return svg + "</svg>\n";
}

}  // namespace uprobesim
