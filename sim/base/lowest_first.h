// SPDX-License-Identifier: GPL-2.0-or-later
// Up to 64 clocks, of which the lowest is wanted again and again after one of them has moved: a
// tree in which each node has the lower one of its two below. Of equal clocks the first index's is
// taken.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "sim/base/units.h"

namespace uprobesim {

class LowestFirst {
public:
    static constexpr unsigned kMost = 64;
    static constexpr std::uint64_t kNone = ~std::uint64_t{0};
    // Clocks from here on are taken in the order of their indices.
    static constexpr CentiCycles kLatest{(kNone >> 6) - 1};

    LowestFirst() { tree_.fill(kNone); }

    // Clock and index as one number, in the order in which they are taken.
    static std::uint64_t key(CentiCycles at, unsigned index) {
        return std::min(at, kLatest).value << 6 | index;
    }
    void set(unsigned index, CentiCycles at) { put(index, key(at, index)); }
    void clear(unsigned index) { put(index, kNone); }
    // The key of the lowest; kNone: there is none.
    std::uint64_t lowest() const { return tree_[1]; }
    static unsigned index_of(std::uint64_t key) { return static_cast<unsigned>(key & 63); }

private:
    void put(unsigned index, std::uint64_t key) {
        std::size_t node = kMost + index;
        tree_[node] = key;
        while (node > 1) {
            key = std::min(key, tree_[node ^ 1]);
            node /= 2;
            tree_[node] = key;
        }
    }
    std::array<std::uint64_t, std::size_t{2} * kMost> tree_{};
};

}  // namespace uprobesim
