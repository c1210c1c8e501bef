// SPDX-License-Identifier: GPL-2.0-or-later
// PTRACE_SINGLESTEP of an instruction where it stands. Cpu::step executes a word without what
// memory holds around it, as a slot of probes needs it, and what reads that page afterwards sees
// it; a tracee's instruction is executed in place instead, up to breakpoints at the words that may
// follow, which nobody else sees.
#pragma once

#include "kernel_model/task/task.h"
#include "sim/cpu/stop.h"

namespace uprobesim {

class Kernel;

// StepDone, or what the instruction did.
Stop step_in_place(Kernel& kernel, Task& task);

}  // namespace uprobesim
