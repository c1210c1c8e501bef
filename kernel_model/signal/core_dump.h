// SPDX-License-Identifier: GPL-2.0-or-later
// Core files: which signals leave one, where, and who may have it (do_coredump).
#pragma once

#include "kernel_model/abi/signal.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

class Kernel;

// Writes the core file of a process that a signal ends. False: none is wanted or permitted.
bool dump_core(Kernel& kernel, Task& task, const SignalInfo& info);

}  // namespace uprobesim
