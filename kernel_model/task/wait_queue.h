// SPDX-License-Identifier: GPL-2.0-or-later
// Tasks that wait for something to change, as the kernel's wait_queue_head. A call that must wait adds its task to the
// queue of everything that could let it go on and returns Block{}; it is entered again after any of them woke it, and
// decides then whether it still has to wait. Waking costs nothing where nobody waits.
#pragma once

#include <vector>

namespace uprobesim {

struct Task;

class WaitQueue {
public:
    WaitQueue() = default;
    WaitQueue(const WaitQueue&) = delete;
    WaitQueue& operator=(const WaitQueue&) = delete;
    // Whoever waits for what goes away must look again.
    ~WaitQueue() { wake(); }

    void add(Task& task);
    // Everybody, in the order they came.
    void wake();
    bool empty() const { return tasks_.empty(); }

    // Takes the task out of every queue it is in.
    static void leave_all(Task& task);

private:
    std::vector<Task*> tasks_;
};

}  // namespace uprobesim
