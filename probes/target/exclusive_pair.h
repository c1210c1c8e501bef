// SPDX-License-Identifier: GPL-2.0-or-later
// Places between a load-exclusive and its store-exclusive. The kernel does not look for them when
// it registers a uprobe, but the exception of each hit clears the monitor: the store fails, and the
// program tries again for ever.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace uprobesim {

struct ExclusivePair {
    std::uint64_t load = 0, store = 0;  // file offsets
};

// The pair that `offset` is in, the load and the store themselves included; nullopt: in none.
std::optional<ExclusivePair> exclusive_pair_at(
    std::uint64_t offset,
    const std::function<std::optional<std::uint32_t>(std::uint64_t)>& word_at);

}  // namespace uprobesim
