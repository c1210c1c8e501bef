// SPDX-License-Identifier: GPL-2.0-or-later
// PTRACE_SINGLESTEP of an instruction where it stands. Cpu::step executes a word without what
// memory holds around it, as a slot of probes needs it; a load or store may read its own page, so
// it is executed in place, up to a breakpoint at the next word that nobody else sees.
#pragma once

#include <cstdint>

#include "kernel_model/task/task.h"
#include "sim/cpu/stop.h"

namespace uprobesim {

class Kernel;

// Whether the word is of the loads and stores (Arm ARM, C4.1: op0 is x1x0).
constexpr bool is_memory_access(std::uint32_t word) {
    return (word >> 25 & 5) == 4;
}
// StepDone, or what the instruction did.
Stop step_in_place(Kernel& kernel, Task& task);

}  // namespace uprobesim
