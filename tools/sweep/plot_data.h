// SPDX-License-Identifier: GPL-2.0-or-later
// One figure over the axes of a plan: which of them it depends on, and its mean along each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/sweep/indices/sobol.h"
#include "tools/sweep/sweep_report.h"

namespace uprobesim {

// The values of an axis, or parts of its range where these are many: what a picture has places for.
struct AxisPlaces {
    std::string name;
    std::size_t axis = 0;             // of the plan
    bool is_number = false;           // the places ascend
    std::vector<std::string> labels;  // of each place
    std::vector<double> at;           // the value, or the middle of the part; a word: its number
    std::vector<std::size_t> of;      // by point
    std::vector<double> values;       // by point; a word: the number of its place
};

// An axis's share of the figure's variance.
struct AxisEffect {
    std::string name;
    std::size_t axis = 0;
    Share first;
    std::optional<Share> total;  // nothing: the points do not tell
};

struct Effects {
    std::string at;          // the values of the axes that are not sampled; empty: there are none
    std::string estimators;  // what was done, for people
    std::uint64_t points = 0;
    std::vector<AxisEffect> axes;  // the one that matters most first
};

struct PlotData {
    std::string figure;
    std::vector<std::optional<double>> values;  // by point; nothing: it is not done, or has none
    std::vector<AxisPlaces> axes;               // those with several places
    std::vector<Effects> effects;
    bool is_time = false;  // in ns
};

// Error: no such figure, or nothing is done. Empty: the first figure.
Result<PlotData> plot_data(const SweepResults& results, const std::string& figure);

Document plot_document(const SweepResults& results, const std::vector<PlotData>& plots);
std::string plot_json(const SweepResults& results, const std::vector<PlotData>& plots);

}  // namespace uprobesim
