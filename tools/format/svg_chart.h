// SPDX-License-Identifier: GPL-2.0-or-later
// A bar chart as a picture that a browser or a paper can show.
#pragma once

#include <string>
#include <vector>

namespace uprobesim {

struct BarChart {
    struct Group {
        std::string name;
        std::vector<double> values;  // one a series, none negative
    };
    std::string title;
    std::string unit;
    std::vector<std::string> series;
    std::vector<Group> groups;

    std::string svg() const;
};

}  // namespace uprobesim
