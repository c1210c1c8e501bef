// SPDX-License-Identifier: GPL-2.0-or-later
// The head of a block: generated code that counts the block when it begins, and leaves where the
// block must not run. It replaces the engine's own test for a requested exit.
//
// A block is known by an id for each translation of it, so that what it is made of is right for as
// long as its code lives, in whatever address space it runs. As the engine generates it, the head
// always asks; then it is overwritten by code that asks only where counting is not all there is to
// do, if the block allows that. So a block that is not overwritten counts as well, only slower.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/cpu/unicorn/jit/op_writer.h"

namespace uprobesim {

using BlockId = std::uint32_t;

struct BlockCost {
    std::uint32_t insns = 0;
    std::uint32_t cycles = 0;  // centicycles

    // What the head subtracts from what is left, in one operation: instructions above, cycles
    // below.
    std::int64_t packed() const {
        return static_cast<std::int64_t>(std::uint64_t{insns} << 32 | cycles);
    }
};

class BlockHeads {
public:
    // Lies in memory that generated code reaches from the CPU's state.
    struct Memory {
        // Instructions left, less one, and centicycles left, packed as the cost. Its sign says
        // whether the block that has just been subtracted has to ask. The lower half must not run
        // out before the upper one.
        std::int64_t left;
        std::uint64_t* counts;  // executions of the context that runs, by id
        BlockId last;           // the block that began last
        std::uint32_t unused;   // written in what is overwritten
    };
    static constexpr BlockId kNone = ~BlockId{0};

    BlockHeads(const EngineLayout& layout, const EngineCalls& calls, const std::byte* env,
               Memory& memory)
        : layout_(layout), calls_(calls), env_(env), memory_(memory) {}

    // Puts a head that always asks into the list of operations. False: the block does not begin as
    // the engine's blocks do, and nothing was changed.
    bool reserve(TcgContext* s, BlockId id) const;
    // Overwrites it in the code. False: it is not what was expected, and goes on asking.
    bool overwrite(std::uint8_t* code, BlockId id, BlockCost cost) const;
    // Of code with such a head.
    std::optional<BlockId> id_of(const std::uint8_t* code) const;

private:
    std::uint64_t from_env(const void* p) const { return number_of(p) - number_of(env_); }

    const EngineLayout& layout_;
    const EngineCalls& calls_;
    const std::byte* env_;
    Memory& memory_;
};

}  // namespace uprobesim
