// SPDX-License-Identifier: GPL-2.0-or-later
// What exclusions leave of a product of dimensions, as ranges: only the dimensions that they name
// are walked, and what is excluded or kept as a whole is not walked further.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace uprobesim {

// Some indices of one dimension.
struct IndexSet {
    std::size_t dimension = 0;
    std::vector<bool> indices;
};
// Points whose indices are all in these are left out; by dimension, each at most once.
using IndexSets = std::vector<IndexSet>;

struct LinearRange {
    std::uint64_t begin = 0, end = 0;
};

// `sizes`: of the dimensions, the last one fastest; their product fits. Ranges ascend, and no two
// of them touch.
std::vector<LinearRange> kept_ranges(const std::vector<std::uint64_t>& sizes,
                                     const std::vector<IndexSets>& exclusions);

}  // namespace uprobesim
