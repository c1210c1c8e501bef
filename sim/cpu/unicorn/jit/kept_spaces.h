// SPDX-License-Identifier: GPL-2.0-or-later
// What the engine found out of address spaces that it is not in: the translations in its TLB, and
// where jumps lead. Programs that take turns come back to both, as on a CPU with ASIDs, instead of
// to an empty TLB each time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/cpu/unicorn/jit/engine_tlb.h"
#include "sim/cpu/unicorn/jit/inline_jumps.h"

namespace uprobesim {

class KeptSpaces {
public:
    // AddressSpace::id; 0 is none.
    using SpaceId = std::uint64_t;

    KeptSpaces(EngineTlb& tlb, InlineJumps& jumps) : tlb_(tlb), jumps_(jumps) {}

    // The engine's TLB, which holds `from`, holds `to` from now on: what was kept of it, or
    // nothing. False: there is no memory to keep anything in, and nothing was changed.
    bool change(SpaceId from, SpaceId to);
    // Translations of the space changed.
    void forget(SpaceId space);
    void forget_all();
    // Blocks went: what was found of jumps may lead to them.
    void forget_jumps();

private:
    struct Kept {
        SpaceId space = 0;
        InlineJumps::Generation jumps = InlineJumps::kNoGeneration;
        std::uint64_t left = 0;  // when the engine went from it, in changes
        EngineTlb::Content content;
    };
    static constexpr std::size_t kMost = 8;  // 50 KiB each

    EngineTlb& tlb_;
    InlineJumps& jumps_;
    std::uint64_t changes_ = 0;
    std::array<Kept, kMost> kept_;
};

}  // namespace uprobesim
