// SPDX-License-Identifier: GPL-2.0-or-later
// What each task waits for, in words: for runs that end because no task can continue.
#pragma once

#include <vector>

#include "kernel_model/hooks/run_result.h"

namespace uprobesim {

class Kernel;
class SyscallDispatcher;

// By process, then task.
std::vector<WaitingTask> waiting_tasks(const Kernel& kernel, const SyscallDispatcher& syscalls);

}  // namespace uprobesim
