// SPDX-License-Identifier: GPL-2.0-or-later
// Total Sobol indices where the sample is no design for them, a Latin hypercube: of a polynomial
// that is fitted to the points (polynomial chaos, Sudret 2008). Legendre polynomials are orthogonal
// over the cube, so a term's share of the variance is its coefficient squared.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "tools/sweep/indices/sobol.h"

namespace uprobesim {

// Below this the polynomial says too little of the figure.
inline constexpr double kLeastExplained = 0.9;

struct PolynomialTotals {
    // Of each axis. What the polynomial does not explain may be any axis's: that is the interval.
    std::vector<Share> totals;
    double explained = 0;  // of the variance, predicted for each point from all others
    unsigned degree = 0;
};

// `points`: numbers from 0 to 1 of each axis. Nothing: too few points, a figure that does not
// change, or one that no such polynomial explains.
std::optional<PolynomialTotals> polynomial_totals(const std::vector<std::vector<double>>& points,
                                                  const std::vector<double>& values);

}  // namespace uprobesim
