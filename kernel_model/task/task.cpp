// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/task/task.h"

#include "kernel_model/task/scheduler.h"

namespace uprobesim {

void Task::wake() {
    if (scheduler != nullptr) scheduler->wake(*this);
}

void end_wait(Task& task, Timers& timers, Futexes& futexes) {
    // First: what the call holds may own a queue that it is in.
    task.leave_queues();
    timers.cancel(task.wait_timer);
    task.wait_timer = 0;
    task.wait_deadline_ns = kNoDeadline;
    task.waits_killable = false;
    task.vfork_child = {};
    task.call_holds.reset();
    task.held_files = {};
    futexes.remove(task);
    task.wait_charge.resize(0);
}

}  // namespace uprobesim
