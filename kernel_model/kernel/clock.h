// SPDX-License-Identifier: GPL-2.0-or-later
// The simulated time: of the system, of each CPU, of tasks and processes.
#pragma once

#include <cstdint>
#include <vector>

#include "kernel_model/task/process.h"
#include "kernel_model/task/scheduler.h"
#include "kernel_model/wait/time_source.h"
#include "sim/machine.h"

namespace uprobesim {

class Clock {
public:
    Clock(const Machine& machine, const Scheduler& scheduler)
        : machine_(machine), scheduler_(scheduler) {}

    // CLOCK_MONOTONIC: simulated time since the start, on the current CPU.
    std::uint64_t monotonic_ns() const { return scheduler_.now_ns(); }
    // CLOCK_REALTIME: a fixed epoch plus the above.
    std::uint64_t realtime_ns() const { return kEpochNs + monotonic_ns(); }
    // Sum over all CPUs.
    std::uint64_t idle_ns() const;
    // Per simulated CPU.
    std::vector<std::uint64_t> busy_ns() const;
    CpuTime cpu_time(const Task& task) const;
    // Sum over all tasks of the process, including ended ones.
    CpuTime cpu_time(const Process& process) const;

private:
    const Machine& machine_;
    const Scheduler& scheduler_;
};

}  // namespace uprobesim
