// SPDX-License-Identifier: GPL-2.0-or-later
// Restartable sequences (kernel/rseq.c): the registered area of a task tells it its CPU, and a
// critical section in which the task is switched away from, moved or signalled is left by its abort
// handler.
#pragma once

#include "kernel_model/memory/backing.h"
#include "kernel_model/task/task.h"

namespace uprobesim {

class Kernel;

// rseq(2) with these arguments.
SysResult<void> register_rseq(Task& task, VAddr area, std::uint32_t length, std::uint32_t flags,
                              std::uint32_t signature);
// The task was switched away from, or moved: its way back to EL0 has work.
void disturb_rseq(Task& task);
// rseq_signal_deliver, before the frame of a handler: it is to return to the abort handler. False:
// what the area says is wrong.
bool leave_rseq_for_handler(Kernel& kernel, Task& task);
// __rseq_handle_notify_resume, on the way back to EL0.
void resume_rseq(Kernel& kernel, Task& task);

}  // namespace uprobesim
