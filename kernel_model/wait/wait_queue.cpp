// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/wait/wait_queue.h"

#include <algorithm>
#include <utility>

#include "kernel_model/task/scheduler.h"

namespace uprobesim {

WaitQueue::~WaitQueue() {
    for (Listener* listener : listeners_) listener->queue_ = nullptr;
    listeners_.clear();
    // Exclusive or not, none may be left.
    while (!waiters_.empty()) wake();
}

void WaitQueue::Listener::attach(WaitQueue& queue) {
    detach();
    queue_ = &queue;
    queue.listeners_.push_back(this);
}

void WaitQueue::Listener::detach() {
    if (queue_ != nullptr) std::erase(queue_->listeners_, this);
    queue_ = nullptr;
}

void WaitQueue::add(Task& task, std::uint32_t events, bool exclusive) {
    const auto same = [&](const Waiter& w) { return w.task == &task; };
    if (const auto it = std::find_if(waiters_.begin(), waiters_.end(), same);
        it != waiters_.end()) {
        it->events |= events;
        return;
    }
    waiters_.push_back({&task, events, exclusive});
    task.waits_on.push_back(this);
}

void WaitQueue::wake(std::uint32_t events) {
    bool woke_exclusive = false;
    std::vector<Task*> woken;
    std::erase_if(waiters_, [&](const Waiter& w) {
        if ((w.events & events) == 0 || (w.exclusive && woke_exclusive)) return false;
        woke_exclusive = woke_exclusive || w.exclusive;
        woken.push_back(w.task);
        return true;
    });
    for (Task* task : woken) {
        std::erase(task->waits_on, this);
        if (task->scheduler != nullptr) task->scheduler->wake(*task);
    }
    // A listener wakes others at most; it does not come or go meanwhile.
    for (Listener* listener : listeners_) listener->woken(events);
}

void WaitQueue::leave_all(Task& task) {
    for (WaitQueue* queue : std::exchange(task.waits_on, {})) {
        std::erase_if(queue->waiters_, [&](const Waiter& w) { return w.task == &task; });
    }
}

}  // namespace uprobesim
