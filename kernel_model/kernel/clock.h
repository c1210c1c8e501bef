// SPDX-License-Identifier: GPL-2.0-or-later
// The simulated time: of the system, of each CPU, of tasks and processes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernel_model/task/process.h"
#include "kernel_model/task/scheduler.h"
#include "kernel_model/wait/time_source.h"
#include "sim/machine.h"

namespace uprobesim {

// What adjtimex and settimeofday keep. No clock is slewed by it.
struct ClockSettings {
    std::int64_t offset = 0, frequency = 0, max_error = 16'000'000, estimated_error = 16'000'000;
    std::int32_t status = 0x40;  // STA_UNSYNC
    std::int64_t constant = 2, tick_us = 10'000, adjust_us = 0;
    std::int32_t tai = 0;
    std::array<std::int32_t, 2> zone{};  // minutes west of Greenwich, and what was once for summer
};

class Clock {
public:
    Clock(const Machine& machine, const Scheduler& scheduler)
        : machine_(machine), scheduler_(scheduler) {}

    // CLOCK_MONOTONIC: simulated time since the start, on the current CPU.
    std::uint64_t monotonic_ns() const { return scheduler_.now_ns(); }
    // CLOCK_REALTIME: a fixed epoch plus the above, until the guest sets it.
    std::uint64_t realtime_ns() const { return base_.epoch_ns + monotonic_ns(); }
    RealTimeBase& realtime_base() { return base_; }
    ClockSettings& settings() { return settings_; }
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
    RealTimeBase base_;
    ClockSettings settings_;
};

}  // namespace uprobesim
