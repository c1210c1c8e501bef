// SPDX-License-Identifier: GPL-2.0-or-later
// Which axis of a sample a figure depends on: Sobol's indices, with the interval of their error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace uprobesim {

// A share of a figure's variance, with the ends of the interval that has 95 % of what resampled
// rows give (bootstrap, percentiles).
struct Share {
    double value = 0, low = 0, high = 0;
};

// Resamples that are drawn; fewer where that would take long. Always the same ones.
inline constexpr std::size_t kResamples = 200;
std::size_t resamples_of(std::uint64_t rows, std::size_t axes);
// Sets the interval from what the resamples gave.
void set_interval(Share& share, std::vector<double> resampled);

struct SobolIndices {
    struct Index {
        Share first;  // what the axis makes alone
        Share total;  // with all that it makes together with others
    };
    std::vector<Index> axes;
    double mean = 0;
    double deviation = 0;    // the root of the variance
    std::uint64_t rows = 0;  // of a cube, all of whose points are there
};

// `values`: of Saltelli's design over so many axes, in the order of SampleRows; nothing where a
// point is missing: the rows that need it are left out. First: Saltelli et al. 2010, equation (b)
// of table 2. Total: Jansen 1999. Nothing: fewer than two rows, or a figure that never changes.
std::optional<SobolIndices> sobol_indices(const std::vector<std::optional<double>>& values,
                                          std::size_t axes);

}  // namespace uprobesim
