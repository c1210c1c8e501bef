// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/svg_text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace uprobesim {

std::string svg_escaped(const std::string& text) {
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

double svg_step(double most) {
    const double power = std::pow(10, std::floor(std::log10(most / 5)));
    for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
        if (most / (factor * power) <= 5) return factor * power;
    }
    return most;
}

const char* svg_colour(std::size_t series) {
    constexpr const char* kColours[] = {"#0072b2", "#e69f00", "#009e73",
                                        "#cc79a7", "#56b4e9", "#d55e00"};
    return kColours[series % std::size(kColours)];
}

std::string svg_head(double width, double height, double left, const std::string& title,
                     const std::string& unit) {
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0f}\" height=\"{:.0f}\" "
        "font-family=\"sans-serif\" "
        "font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        "<text x=\"{:.0f}\" y=\"20\" font-size=\"14\">{}</text>\n<text x=\"{:.0f}\" y=\"40\" "
        "fill=\"#555\">{}</text>\n",
        width, height, left, svg_escaped(title), left, svg_escaped(unit));
}

std::string svg_grid_line(double left, double right, double y, double value) {
    return fmt::format(
        "<line x1=\"{0:.0f}\" x2=\"{1:.0f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"#ddd\"/>\n"
        "<text x=\"{3:.0f}\" y=\"{4:.1f}\" text-anchor=\"end\">{5:g}</text>\n",
        left, right, y, left - 6, y + 4, value);
}

std::string svg_legend(double x, double y, std::size_t series, const std::string& name) {
    return fmt::format(
        "<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"12\" height=\"12\" fill=\"{}\"/>\n"
        "<text x=\"{:.0f}\" y=\"{:.0f}\">{}</text>\n",
        x, y, svg_colour(series), x + 18, y + 10, svg_escaped(name));
}

}  // namespace uprobesim
