// SPDX-License-Identifier: GPL-2.0-or-later
// The elements of an SVG file, its one size of text and how wide texts are in it: nobody measures
// them before a viewer draws, so they are taken as wide as in DejaVu Sans, and a little room is
// left.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace uprobesim {

inline constexpr double kTextSize = 12;  // px

double text_width(std::string_view text);
// Abbreviated in the middle, where names differ least.
std::string fitted(std::string_view text, double room);

// A mark of an axis: "0.5", "1,500".
std::string tick_text(double value);

// A straight way from values to places.
struct SvgScale {
    double from = 0, to = 1;    // values
    double begin = 0, end = 1;  // places

    double at(double value) const { return begin + (value - from) / (to - from) * (end - begin); }
    // The whole multiples of 1, 2 or 5 times a power of ten in the range: at most so many, or one
    // more.
    std::vector<double> ticks(std::size_t most) const;
    // Moves the ends out to such multiples.
    void widen(std::size_t most);
};

enum class Anchor { Start, Middle, End };

class SvgPen {
public:
    // Over lines: with a border of the ground's colour.
    void text_over(double x, double y, std::string_view words);
    struct Style {
        std::string_view fill = "none", stroke = "none";
        double width = 1;  // of the stroke
        double opacity = 1;
    };
    void text(double x, double y, std::string_view words, Anchor anchor = Anchor::Start,
              std::string_view fill = kInk, bool strong = false);
    void rect(double x, double y, double width, double height, std::string_view fill,
              std::string_view title = {});
    void line(double x1, double y1, double x2, double y2, std::string_view stroke,
              double width = 1);
    void path(const std::string& d, const Style& style, std::string_view title = {});
    void circle(double x, double y, double radius, const Style& style, std::string_view title = {});
    // What is drawn until end_group() is moved so far.
    void begin_group(double right, double down);
    void end_group();
    void append(const SvgPen& part) { out_ += part.out_; }

    std::string svg(double width, double height, std::string_view title) &&;

    static constexpr std::string_view kInk = "#1a1a1a", kQuiet = "#595959", kLine = "#d4d4d4";

private:
    std::string out_;
};

}  // namespace uprobesim
