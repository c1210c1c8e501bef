// SPDX-License-Identifier: GPL-2.0-or-later
// A line chart as a picture that a browser or a paper can show.
#pragma once

#include <string>
#include <vector>

namespace uprobesim {

struct LineChart {
    struct Point {
        double low = 0, value = 0, high = 0;  // none negative
    };
    struct Series {
        std::string name;
        std::vector<Point> points;  // one for each of `places`
    };
    std::string title;
    std::string unit;                 // of the values
    std::string place_name;           // "CPUs"
    std::vector<std::string> places;  // along the x axis, evenly
    std::vector<Series> series;

    std::string svg() const;
};

}  // namespace uprobesim
