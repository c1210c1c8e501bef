// SPDX-License-Identifier: GPL-2.0-or-later
// What a task has done at EL0, for the figures of a run: it outlives the task.
#pragma once

#include <cstdint>
#include <string>

#include "sim/base/units.h"

namespace uprobesim {

struct TaskRecord {
    TaskId task;
    std::int32_t process = 0;
    std::string comm;  // at its end, or now
    InsnCount insns;
    CentiCycles user_cycles;
};

}  // namespace uprobesim
