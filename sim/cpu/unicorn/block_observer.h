// SPDX-License-Identifier: GPL-2.0-or-later
// Where a context spends its cycles, by the blocks that it executes. Counting does not change: an
// observer is told of counts when they are added up.
#pragma once

#include <cstdint>

#include "sim/cpu/cpu.h"

namespace uprobesim {

class BlockObserver {
public:
    virtual ~BlockObserver() = default;
    // What a context executed of the block at this address since that was told last, in
    // centicycles. Negative: what it did not execute of a block that an exception left in the
    // middle, which is or will be told as a whole.
    virtual void executed(ContextId context, VAddr block, std::int64_t cycles) = 0;
};

// Of a CPU that make_unicorn_cpu made; null: none. Cpu::work(id) tells all of a context that has
// not been told. Not told: single instructions that the caller executes (Cpu::count_one).
void observe_blocks(Cpu& cpu, BlockObserver* observer);

}  // namespace uprobesim
