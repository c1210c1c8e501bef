// SPDX-License-Identifier: GPL-2.0-or-later
// Target pages of 4 KiB. The engine's are 1 KiB for an Arm CPU, as old ones have; larger ones need
// fewer entries of its software TLB, and more jumps are within a page and are chained directly.
//
// A block ends with its page, and what the core model says of a block depends on where it ends. So
// blocks still end at each KiB, and what is counted does not depend on this.
#pragma once

#include <unicorn/unicorn.h>

#include "sim/cpu/unicorn/jit/engine_build.h"

namespace uprobesim {

class EnginePages {
public:
    // Before the engine is used for the first time. `build` null, or a build whose functions are
    // not called through the linker: pages stay as they are.
    EnginePages(uc_engine* uc, const EngineBuild* build);
    ~EnginePages();
    EnginePages(const EnginePages&) = delete;
    EnginePages& operator=(const EnginePages&) = delete;

    // Log2 of the page's size, as the engine says.
    static unsigned bits(uc_engine* uc);

    // --- Of the interposed functions.
    bool is_of_cpu(const void* cpu) const;
    // How many instructions of at most `most` the block may have.
    static int shortened(const TranslationBlock& block, int most);

private:
    const uc_engine* uc_;
    const EngineBuild* build_;  // null: pages stay as they are
};

}  // namespace uprobesim
