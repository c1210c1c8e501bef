// SPDX-License-Identifier: GPL-2.0-or-later
// Samples of the unit cube, the same on every host for the same seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/sweep/plan/plan.h"

namespace uprobesim {

// A Latin hypercube (McKay, Beckman, Conover 1979): each of `count` equal parts of each axis has
// one row. An axis is decided by its name and the seed, so another axis beside it changes nothing.
std::vector<double> latin_axis(std::uint64_t count, std::uint64_t seed, const std::string& name);

// The rows of a design over some axes. Saltelli: for each row of the cubes A and B, the row of A,
// that of B, and for each axis the row of A with this axis from B (Saltelli et al. 2010, table 2).
class SampleRows {
public:
    SampleRows() = default;
    SampleRows(const Sample& sample, const std::vector<std::string>& axes);

    std::uint64_t rows() const;
    std::uint64_t rows_together() const;  // of one row of the cubes
    // From 0 to below 1.
    double at(std::uint64_t row, std::size_t axis) const;

private:
    Sample sample_;
    std::size_t axes_ = 0;
    std::vector<double> a_, b_;  // rows of all axes: a point's numbers are beside each other
};

}  // namespace uprobesim
