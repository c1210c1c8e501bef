// SPDX-License-Identifier: GPL-2.0-or-later
// How well rows determine parameters, from their sensitivities alone. Rows in which two parameters
// always rise together cannot tell one from the other.
#pragma once

#include <Eigen/Dense>
#include <cstddef>
#include <string>
#include <vector>

namespace uprobesim {

// By how much repeated runs of the kernel's benchmark differ (published plus-minus: 0.1 to 0.6 %).
inline constexpr double kRowNoise = 0.005;

// What a parameter needs to be fitted.
struct TellingLimit {
    double error;        // of the parameter, as a part of it
    double correlation;  // with another, by amount
};
// Where the fit chooses, and where --free names the parameter.
inline constexpr TellingLimit kChosenLimit{0.25, 0.97}, kAskedLimit{0.6, 0.995};

// Parameters by their place.
using Columns = std::vector<std::size_t>;
Eigen::MatrixXd columns(const Eigen::MatrixXd& all, const Columns& which);

// `sensitivity`: d ln cycles / d ln parameter, by row and parameter; of rows that repeat worse than
// kRowNoise, so much less.
bool all_told(const Eigen::MatrixXd& sensitivity, const TellingLimit& limit);
// Taken in order: those that the rows tell together.
Columns told_columns(const Eigen::MatrixXd& sensitivity, const TellingLimit& limit);
// Why `column` is not told beside `told`. `keys` are the names of all parameters.
std::string why_untold(const Eigen::MatrixXd& sensitivity, Columns told, std::size_t column,
                       const TellingLimit& limit, const std::vector<std::string>& keys);

}  // namespace uprobesim
