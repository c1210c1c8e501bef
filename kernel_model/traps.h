// SPDX-License-Identifier: GPL-2.0-or-later
// What the modelled kernel does with each exception from EL0: Linux's el0t_64_sync_handler by class.
#pragma once

#include "kernel_model/task/task.h"
#include "sim/cpu/stop.h"

namespace uprobesim {

class Kernel;

void take_trap(Kernel& kernel, Task& task, const Stop& stop);

// ESR_EL1 of an abort from EL0 as set_thread_esr() keeps it.
std::uint64_t abort_syndrome(const Abort& abort, bool permission);

}  // namespace uprobesim
