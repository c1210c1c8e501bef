// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/wait/wait_queue.h"

#include <algorithm>
#include <utility>

namespace uprobesim {

WaitQueue::~WaitQueue() {
    for (Listener* listener : listeners_) listener->queue_ = nullptr;
    listeners_.clear();
    // One wake may leave exclusive waiters.
    while (!waiters_.empty()) wake();
}

void WaitQueue::Listener::attach(WaitQueue& queue, bool exclusive) {
    detach();
    exclusive_ = exclusive;
    queue_ = &queue;
    place_ = queue.listeners_.insert(queue.listeners_.end(), this);
}

void WaitQueue::Listener::detach() {
    if (queue_ != nullptr) queue_->listeners_.erase(place_);
    queue_ = nullptr;
}

void WaitQueue::add(Waiter& waiter, std::uint32_t events, bool exclusive) {
    const auto same = [&](const Entry& e) { return e.waiter == &waiter; };
    // Whichever is shorter tells whether it is here already.
    const bool here = waiter.waits_on.size() > waiters_.size() ||
                      std::ranges::find(waiter.waits_on, this) != waiter.waits_on.end();
    if (here) {
        const auto it = std::ranges::find_if(waiters_, same);
        if (it != waiters_.end()) {
            it->events |= events;
            return;
        }
    }
    waiters_.push_back({&waiter, events, exclusive});
    waiter.waits_on.push_back(this);
}

void WaitQueue::wake(std::uint32_t events) {
    bool woke_exclusive = false;
    std::vector<Waiter*> woken;
    std::erase_if(waiters_, [&](const Entry& e) {
        if ((e.events & events) == 0 || (e.exclusive && woke_exclusive)) return false;
        woke_exclusive = woke_exclusive || e.exclusive;
        woken.push_back(e.waiter);
        return true;
    });
    for (Waiter* waiter : woken) {
        std::erase(waiter->waits_on, this);
        waiter->wake();
    }
    // A listener may wake others, but listeners are neither added nor removed meanwhile.
    for (Listener* listener : listeners_) {
        if (listener->exclusive_ && woke_exclusive) continue;
        const bool waited = listener->woken(events);
        woke_exclusive = woke_exclusive || (listener->exclusive_ && waited);
    }
}

void Waiter::leave_queues() {
    for (WaitQueue* queue : std::exchange(waits_on, {}))
        std::erase_if(queue->waiters_, [&](const auto& entry) { return entry.waiter == this; });
}

}  // namespace uprobesim
