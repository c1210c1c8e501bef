// SPDX-License-Identifier: GPL-2.0-or-later
// What a straight-line block of code costs, computed once when the CPU first sees it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/base/units.h"
#include "sim/insn/insn_class.h"

namespace uprobesim {

struct BlockInfo {
    std::vector<InsnClass> classes;  // one per instruction
    // Cycles of the first n+1 instructions; back() is the block's total.
    std::vector<CentiCycles> cycles_through;
    bool has_exclusive = false;
};

class BlockModel {
public:
    virtual ~BlockModel() = default;
    virtual BlockInfo analyse(std::span<const std::uint32_t> words) const = 0;
};

}  // namespace uprobesim
