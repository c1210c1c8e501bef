// SPDX-License-Identifier: GPL-2.0-or-later
// Tasks that wait for something to change, as the kernel's wait_queue_head. A call that must wait
// adds its task to the queue of everything that could let it go on and returns Block{}; it is
// entered again after any of them woke it, and decides then whether it still has to wait. Waking
// costs nothing where nobody waits.
#pragma once

#include <cstdint>
#include <vector>

namespace uprobesim {

struct Task;

class WaitQueue {
public:
    WaitQueue() = default;
    WaitQueue(const WaitQueue&) = delete;
    WaitQueue& operator=(const WaitQueue&) = delete;
    // Whoever waits for what goes away must look again.
    ~WaitQueue();

    // Told of every waking without being a task (epoll's wait_queue_entry with a function).
    class Listener {
    public:
        Listener() = default;
        Listener(const Listener&) = delete;
        Listener& operator=(const Listener&) = delete;
        virtual ~Listener() { detach(); }
        void attach(WaitQueue& queue);
        void detach();

    private:
        friend class WaitQueue;
        // `events`: the poll bits that may have become true.
        virtual void woken(std::uint32_t events) = 0;
        WaitQueue* queue_ = nullptr;
    };

    static constexpr std::uint32_t kAnything = ~std::uint32_t{0};

    // `events`: the poll bits that it waits for. Of exclusive ones a waking wakes only the first.
    void add(Task& task, std::uint32_t events = kAnything, bool exclusive = false);
    // In the order they came. `events`: the poll bits that may have become true; who waits for
    // others goes on waiting.
    void wake(std::uint32_t events = kAnything);
    bool empty() const { return waiters_.empty(); }

    // Takes the task out of every queue it is in.
    static void leave_all(Task& task);

private:
    struct Waiter {
        Task* task;
        std::uint32_t events;
        bool exclusive;
    };
    std::vector<Waiter> waiters_;
    std::vector<Listener*> listeners_;
};

}  // namespace uprobesim
