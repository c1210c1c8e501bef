// SPDX-License-Identifier: GPL-2.0-or-later
// Statistics of a task's work at EL0. They outlive the task.
#pragma once

#include <cstdint>
#include <string>

#include "sim/base/units.h"

namespace uprobesim {

struct TaskRecord {
    TaskId task;
    std::int32_t process = 0;
    std::string comm;  // the present name, or the last one
    InsnCount insns;
    CentiCycles user_cycles;
};

}  // namespace uprobesim
