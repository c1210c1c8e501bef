// SPDX-License-Identifier: GPL-2.0-or-later
// Tasks that wait for a change, as the kernel's wait_queue_head. A system call that must wait adds
// its task to the queue of every object that could let it continue and returns Block{}. It is
// entered again when one of them wakes it, and decides then whether it still has to wait. Waking an
// empty queue costs nothing.
#pragma once

#include <cstdint>
#include <list>
#include <vector>

namespace uprobesim {

class WaitQueue;

// What a wait queue holds and wakes: a task.
class Waiter {
public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    virtual ~Waiter() { leave_queues(); }

    // Removes it from every queue that it is in.
    void leave_queues();

    // The queues that it is in; maintained by WaitQueue.
    std::vector<WaitQueue*> waits_on;

private:
    friend class WaitQueue;
    // It has been removed from the queue that wakes it.
    virtual void wake() = 0;
};

class WaitQueue {
public:
    WaitQueue() = default;
    WaitQueue(const WaitQueue&) = delete;
    WaitQueue& operator=(const WaitQueue&) = delete;
    // Wakes every waiter: the object they wait for is gone.
    ~WaitQueue();

    // Notified of every wake without being a task (epoll's wait_queue_entry with a function).
    class Listener {
    public:
        Listener() = default;
        Listener(const Listener&) = delete;
        Listener& operator=(const Listener&) = delete;
        virtual ~Listener() { detach(); }
        // `exclusive`: of those, a wake notifies no more after one that has woken somebody.
        void attach(WaitQueue& queue, bool exclusive = false);
        void detach();

    private:
        friend class WaitQueue;
        // `events`: the poll bits that may have become true. True: somebody waited for them.
        virtual bool woken(std::uint32_t events) = 0;
        WaitQueue* queue_ = nullptr;
        bool exclusive_ = false;
        std::list<Listener*>::iterator place_;  // in the queue's list
    };

    static constexpr std::uint32_t kAnything = ~std::uint32_t{0};

    // `events`: the poll bits that it waits for. A wake wakes only the first of the exclusive ones.
    void add(Waiter& waiter, std::uint32_t events = kAnything, bool exclusive = false);
    // In order of arrival. `events`: the poll bits that may have become true; waiters for other
    // bits stay.
    void wake(std::uint32_t events = kAnything);
    bool empty() const { return waiters_.empty(); }

private:
    friend class Waiter;
    struct Entry {
        Waiter* waiter;
        std::uint32_t events;
        bool exclusive;
    };
    std::vector<Entry> waiters_;
    std::list<Listener*> listeners_;
};

}  // namespace uprobesim
