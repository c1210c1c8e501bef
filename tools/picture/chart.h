// SPDX-License-Identifier: GPL-2.0-or-later
// A picture of figures that a report has: what is drawn, before anybody decides how. A page has the
// figures as a table, and its script draws them (tools/html/charts.js); -f svg draws them as one
// picture (chart_svg.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace uprobesim {

struct Chart {
    enum class Kind {
        Stacked,   // a bar for each row, made of the series
        Bars,      // a bar for each series of each row, with its range where there is one
        Ranges,    // low, value and high of each row
        Tornado,   // how far each row moves `base`
        Lines,     // each series over the rows' places, with its range as a band
        Heat,      // a field of colours: rows from below, series from the left
        Parallel,  // an upright axis for each series, a line through them for each row
    };
    struct Series {
        std::string name;
        // The kind of work, which has a colour of its own in all pictures (charts.css); empty: a
        // colour by the place in the list.
        std::string work = {};
        // Parallel: what the values 0, 1, ... of the axis are; empty: numbers.
        std::vector<std::string> words = {};
        bool points = false;  // Lines: each value by itself with its range, no line between
        bool paired = false;  // it has the colour of the series before
    };
    struct Value {
        double value = 0;
        std::optional<double> low = {}, high = {};
    };
    struct Row {
        std::string name;
        std::vector<std::optional<Value>> values = {};  // by series; nothing: there is none
        std::string note = {};                          // beside the name: "10 to 40 cycles"
        double at = 0;                                  // Lines: its place along the axis
    };
    Kind kind = Kind::Bars;
    std::string title = {};
    std::string unit = {};
    std::vector<Series> series = {};
    std::vector<Row> rows = {};  // in the order in which they are drawn
    double base = 0;             // Tornado: where its bars begin
    // The axis goes at least so far: charts that are compared have one scale.
    double axis = 0;
    // Lines: what the rows are; Heat: what the rows and the series are.
    std::string row_axis = {}, series_axis = {};
    bool even = false;  // Lines: the rows stand evenly, each under its name

    // The values are in nanoseconds: takes the unit in which the largest is a figure of few digits.
    void choose_time_unit();
    bool empty() const { return rows.empty() || series.empty(); }
};

// A figure beside a picture: four digits, or all of a whole part that has more.
std::string chart_figure(double value);
// Which of the seven colours of series without a kind of work: pairs share one.
std::size_t chart_colour(const Chart& chart, std::size_t series);

}  // namespace uprobesim
