// SPDX-License-Identifier: GPL-2.0-or-later
// Carrying out the requests of a ring. A request is done by the handler of its system call, on
// behalf of a task of the ring's own; where the handler would block, the request waits on the same
// queues and is tried again when one of them wakes.
#pragma once

#include <deque>
#include <list>
#include <memory>

#include "kernel_model/syscall/syscall.h"
#include "kernel_model/uring/ring.h"

namespace uprobesim {

// Whether an opcode is modelled.
bool ring_knows(std::uint8_t opcode);

class RingRequests {
public:
    RingRequests(Kernel& kernel, Process& process, Task& task, RingFile& ring);

    // Who submits from now on.
    void take_over(const Task& submitter);
    // The first of a chain, and those that are linked to it.
    void submit(UringChain chain);
    // Tries the runnable ones again.
    void progress();

private:
    struct Outcome {
        bool waits = false;
        std::int64_t result = 0;
    };
    bool act_for(const RingSubmitter& by);
    Outcome run(RingRequest& request);
    Outcome call_handler(RingRequest& request);
    Outcome poll(RingRequest& request);
    Outcome timeout(RingRequest& request);
    std::int64_t cancel(std::uint64_t user_data, bool of_timeout, bool of_poll);
    SysResult<void> use_registered(abi::UringSqe& sqe);
    bool in_registered_buffer(const abi::UringSqe& sqe) const;
    void wait(RingRequest& request);
    void finish(RingRequest& request, std::int64_t result);
    void end_timeouts();
    void end_waiting(std::list<RingRequest>::iterator request, std::int64_t result);
    void arm_linked_timeout(std::list<RingRequest>::iterator request);
    void go_on();

    Kernel& kernel_;
    Process* process_;  // of the request that is being done
    RingSubmitter by_;
    RingFile& ring_;
    struct Next {
        RingSubmitter by;
        UringChain chain;
    };
    std::deque<Next> next_;  // chains whose first request is to be done
    Task task_;              // of the requests: never scheduled
};

}  // namespace uprobesim
