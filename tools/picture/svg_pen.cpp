// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/picture/svg_pen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/format/text_width.h"
#include "tools/picture/chart.h"

namespace uprobesim {
namespace {

// In parts of the text's size; DejaVu Sans has no kerning that matters here.
double width_of(unsigned char c) {
    constexpr std::string_view kNarrow = "ijlI.,:;'|! ()[]/ftr-", kWide = "mwMW%@+=<>_&";
    if ((c & 0xc0) == 0x80) return 0;  // a later byte of a character
    if (c >= 0x80) return 0.8;
    if (kNarrow.find(static_cast<char>(c)) != kNarrow.npos) return 0.38;
    if (kWide.find(static_cast<char>(c)) != kWide.npos) return 0.92;
    return c >= 'A' && c <= 'Z' ? 0.71 : 0.635;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : visible(text)) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

constexpr std::string_view kAnchors[] = {"start", "middle", "end"};

std::string closed(std::string_view element, std::string_view title) {
    if (title.empty()) return "/>\n";
    return fmt::format("><title>{}</title></{}>\n", escaped(title), element);
}

std::string attributes(const SvgPen::Style& style) {
    std::string out = fmt::format("fill=\"{}\"", style.fill);
    if (style.stroke != "none")
        out += fmt::format(" stroke=\"{}\" stroke-width=\"{:g}\"", style.stroke, style.width);
    if (style.opacity != 1) out += fmt::format(" opacity=\"{:g}\"", style.opacity);
    return out;
}

double step_of(double range, std::size_t most) {
    const double least = range / static_cast<double>(std::max<std::size_t>(most, 1));
    const double power = std::pow(10, std::floor(std::log10(least)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= least * (1 - 1e-9)) return factor * power;
    }
    return 10 * power;
}

}  // namespace

double text_width(std::string_view text) {
    double width = 0;
    for (const char c : visible(text)) width += width_of(static_cast<unsigned char>(c));
    return width * kTextSize;
}

std::string fitted(std::string_view text, double room) {
    std::string shown = visible(text);
    for (std::size_t columns = columns_of(shown); text_width(shown) > room && columns > 6;
         --columns)
        shown = shortened(visible(text), columns);
    return shown;
}

std::string tick_text(double value) {
    return std::abs(value) >= 1000 ? chart_figure(value) : fmt::format("{:.4g}", value);
}

std::vector<double> SvgScale::ticks(std::size_t most) const {
    std::vector<double> all;
    if (!(to > from)) return {from};
    const double step = step_of(to - from, most);
    for (double i = std::ceil(from / step - 1e-9); i * step <= to + step * 1e-9; ++i)
        all.push_back(i == 0 ? 0 : i * step);  // not -0
    return all;
}

void SvgScale::widen(std::size_t most) {
    if (!(to > from)) to = from + 1;
    const double step = step_of(to - from, most);
    from = std::floor(from / step + 1e-9) * step;
    to = std::ceil(to / step - 1e-9) * step;
}

void SvgPen::text(double x, double y, std::string_view words, Anchor anchor, std::string_view fill,
                  bool strong) {
    out_ += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\"{}{}>{}</text>\n", x, y, fill,
        anchor == Anchor::Start
            ? ""
            : fmt::format(" text-anchor=\"{}\"", kAnchors[static_cast<std::size_t>(anchor)]),
        strong ? " font-weight=\"bold\"" : "", escaped(words));
}

void SvgPen::text_over(double x, double y, std::string_view words) {
    out_ += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\" stroke=\"#fff\" stroke-width=\"3\" "
        "paint-order=\"stroke\">{}</text>\n",
        x, y, kInk, escaped(words));
}

void SvgPen::rect(double x, double y, double width, double height, std::string_view fill,
                  std::string_view title) {
    out_ += fmt::format(
        "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\"{}", x, y,
        width, height, fill, closed("rect", title));
}

void SvgPen::line(double x1, double y1, double x2, double y2, std::string_view stroke,
                  double width) {
    out_ += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" "
        "stroke-width=\"{:g}\"/>\n",
        x1, y1, x2, y2, stroke, width);
}

void SvgPen::path(const std::string& d, const Style& style, std::string_view title) {
    out_ += fmt::format("<path d=\"{}\" {}{}", d, attributes(style), closed("path", title));
}

void SvgPen::circle(double x, double y, double radius, const Style& style, std::string_view title) {
    out_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:g}\" {}{}", x, y, radius,
                        attributes(style), closed("circle", title));
}

void SvgPen::begin_group(double right, double down) {
    out_ += fmt::format("<g transform=\"translate({:.0f} {:.0f})\">\n", right, down);
}

void SvgPen::end_group() {
    out_ += "</g>\n";
}

std::string SvgPen::svg(double width, double height, std::string_view title) && {
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
        "viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"'DejaVu Sans', Verdana, sans-serif\" "
        "font-size=\"{2:g}\">\n<title>{3}</title>\n<rect width=\"100%\" height=\"100%\" "
        "fill=\"#fff\"/>\n{4}</svg>\n",
        width, height, kTextSize, escaped(title), out_);
}

}  // namespace uprobesim
