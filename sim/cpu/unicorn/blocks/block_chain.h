// SPDX-License-Identifier: GPL-2.0-or-later
// A block that is executed in pieces, because a place stands inside it or an access in it is
// watched. Its cycles are paid with the first piece, its instructions with the piece that executes
// them; so whoever looks when it is over sees what he would have seen without pieces.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "sim/cost/block_model.h"

namespace uprobesim {

// What a piece would be a part of without the place that it ends before.
struct WholeBlock {
    std::uint32_t insns = 0;
    std::int32_t cycles = 0;  // centicycles
    std::shared_ptr<const BlockInfo> info;
};

struct BlockChain {
    std::uint64_t address = 0;  // of the block
    WholeBlock block;           // its cycles are paid
    // Where the next piece begins and how many instructions the context has executed then; nothing:
    // the last one has begun.
    std::optional<std::pair<std::uint64_t, std::uint64_t>> next;
    // How many the context had executed when the last piece that has begun is over.
    std::uint64_t executed = 0;

    std::uint64_t end() const { return address + std::uint64_t{block.insns} * 4; }
};

}  // namespace uprobesim
