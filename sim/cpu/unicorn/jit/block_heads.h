// SPDX-License-Identifier: GPL-2.0-or-later
// The head of a block: generated code that counts the block when it begins, and leaves where the
// block must not run. It replaces the engine's own test for a requested exit.
//
// A block is known by an id for each translation of it, so that what it is made of is right for as
// long as its code lives, in whatever address space it runs.
//
// The engine makes the block's code behind room that is left for the head; the head is machine code
// of ours, as operations that the engine would have to make code of take it six times as long. A
// block that counting is not all there is to do for asks each time. Where it asks stands behind the
// block's code.
#pragma once

#include <cstddef>
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
    };
    static constexpr BlockId kNone = ~BlockId{0};

    BlockHeads(const EngineLayout& layout, const EngineCalls& calls, const std::byte* env,
               Memory& memory)
        : layout_(layout), calls_(calls), env_(env), memory_(memory) {}

    static constexpr std::size_t kHeadBytes = 47, kAskBytes = 58;

    // Takes the engine's own test out of the list of operations. False: the block does not begin as
    // the engine's blocks do, and nothing was changed.
    bool remove_test(TcgContext* s) const;
    // Has the engine make the code that many bytes later, and says so of the code that was made.
    static void make_room(TranslationBlock& block) { block.code += kHeadBytes; }
    void take_room(const TcgContext* s, TranslationBlock& block, bool made) const;
    // Writes the head, and at `code` + `size`, where the block's code ends, where it asks. No cost:
    // it always asks. `pc`: the block's.
    void write(const TcgContext* s, std::uint8_t* code, std::size_t size, BlockId id,
               std::uint64_t pc, std::optional<BlockCost> cost) const;
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
