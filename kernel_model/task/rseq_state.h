// SPDX-License-Identifier: GPL-2.0-or-later
// What a task has registered by rseq(2).
#pragma once

#include <cstdint>

#include "sim/base/units.h"

namespace uprobesim {

struct RseqState {
    VAddr area;  // struct rseq; 0: not registered
    std::uint32_t length = 0, signature = 0;
    bool disturbed = false;  // since EL0 was last entered: moved, switched away from, or signalled
    std::uint32_t memory_id = 0;  // mm_cid: no other running task of the process has it
};

}  // namespace uprobesim
