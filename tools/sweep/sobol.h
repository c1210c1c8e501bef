// SPDX-License-Identifier: GPL-2.0-or-later
// Which axis of a sample a figure depends on: Sobol's indices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace uprobesim {

struct SobolIndices {
    struct Index {
        double first = 0;  // the share of the variance that the axis alone makes
        double total = 0;  // the same with all that it makes together with others
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
