// SPDX-License-Identifier: GPL-2.0-or-later
// Ids of System V objects, as ipc_idr_alloc makes them: indexes are assigned cyclically, and a
// sequence number counts the cycles.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace uprobesim {

class IpcIds {
public:
    // `taken`: a map by index of the objects that there are, of at most `most`. `wished`: an id
    // whose sequence and, where it is free, index are taken (msg_next_id and its like); -1: none.
    template <class Map>
    std::int32_t next(const Map& taken, std::size_t most, std::int32_t wished = -1) {
        if (wished >= 0) {
            std::int32_t index = index_of(wished);
            while (taken.contains(index)) ++index;
            // Without a free one above, the id is as if none had been wished.
            if (index < kIndices) return (sequence_of(wished) << kIndexBits) + index;
        }
        constexpr std::int32_t kSmallestCycle = 64;  // ipc_min_cycle
        const auto in_use = static_cast<std::int32_t>(taken.size());
        const std::int32_t cycle = std::min(std::max((in_use + 1) * 3 / 2, kSmallestCycle),
                                            static_cast<std::int32_t>(most));
        std::int32_t index = last_index_ + 1;
        while (index < cycle && taken.contains(index)) ++index;
        if (index >= cycle) {
            for (index = 0; taken.contains(index);) ++index;
        }
        if (index <= last_index_) ++sequence_;
        last_index_ = index;
        return (sequence_ << kIndexBits) + index;
    }
    static std::int32_t index_of(std::int32_t id) { return id % kIndices; }
    static std::int32_t sequence_of(std::int32_t id) { return id >> kIndexBits; }

private:
    static constexpr int kIndexBits = 15;  // IPCMNI_SHIFT
    static constexpr std::int32_t kIndices = 1 << kIndexBits;
    std::int32_t last_index_ = -1, sequence_ = 0;
};

}  // namespace uprobesim
