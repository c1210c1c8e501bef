// SPDX-License-Identifier: GPL-2.0-or-later
// What the modelled kernel does with each exception from EL0: Linux's el0t_64_sync_handler by
// class.
#pragma once

#include <optional>

#include "kernel_model/hooks/trap_observer.h"
#include "kernel_model/task/task.h"
#include "sim/cpu/stop.h"

namespace uprobesim {

class Kernel;
class SyscallDispatcher;

void take_trap(Kernel& kernel, const SyscallDispatcher& syscalls, Task& task, const Stop& stop);

// ESR_EL1 of an abort from EL0: a translation fault of the level at which the walk of `space` ends,
// or a permission fault where a page is there.
std::uint64_t abort_syndrome(const Abort& abort, const AddressSpace& space);
// What the hardware stores at EL1 for this stop (Arm ARM: ESR_EL1, ELR_EL1, SPSR_EL1, FAR_EL1).
// Nothing was taken where only the budget was spent.
std::optional<ExceptionRegisters> exception_registers(const Task& task, const Stop& stop);

}  // namespace uprobesim
