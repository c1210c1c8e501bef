// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/task/wait_queue.h"

#include <algorithm>
#include <utility>

#include "kernel_model/task/scheduler.h"

namespace uprobesim {

void WaitQueue::add(Task& task) {
    if (std::find(tasks_.begin(), tasks_.end(), &task) != tasks_.end()) return;
    tasks_.push_back(&task);
    task.waits_on.push_back(this);
}

void WaitQueue::wake() {
    for (Task* task : std::exchange(tasks_, {})) {
        std::erase(task->waits_on, this);
        if (task->scheduler != nullptr) task->scheduler->wake(*task);
    }
}

void WaitQueue::leave_all(Task& task) {
    for (WaitQueue* queue : std::exchange(task.waits_on, {})) std::erase(queue->tasks_, &task);
}

}  // namespace uprobesim
