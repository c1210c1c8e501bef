// SPDX-License-Identifier: GPL-2.0-or-later
// The handlers of exceptions from EL0, by exception class: Linux's el0t_64_sync_handler.
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
// False: the instruction budget was used up, or the instruction is executed all the same.
bool is_exception(const Task& task, const Stop& stop);
// The registers that the hardware sets at an exception (ESR_EL1, ELR_EL1, SPSR_EL1, FAR_EL1).
ExceptionRegisters exception_registers(const Task& task, const Stop& stop);

}  // namespace uprobesim
