// SPDX-License-Identifier: GPL-2.0-or-later
// Timers that send signals: those of timer_create, and those of setitimer that count CPU time.
#pragma once

#include <cstdint>
#include <memory>

#include "kernel_model/abi/signal.h"
#include "kernel_model/wait/timers.h"
#include "sim/base/units.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

// Counts the CPU time of its process; checked at every tick.
struct CpuTimer {
    std::uint64_t next_ns = 0;  // 0: not armed
    std::uint64_t interval_ns = 0;
};

// A timer's clock: simulated time, or the CPU time of the process or of one of its tasks. In the
// order of CLOCK_*.
enum class TimerClock { Realtime, Monotonic, ProcessCpu, TaskCpu };

struct PosixTimer {
    std::int32_t id = 0;
    TimerClock clock = TimerClock::Monotonic;
    bool boottime = false;  // CLOCK_BOOTTIME, which a namespace of times may have set elsewhere
    TaskId cpu_task;        // of TaskCpu
    Signal signal = Signal::None;  // None: SIGEV_NONE
    TaskId target;                 // SIGEV_THREAD_ID; 0: the process
    std::uint64_t value = 0;       // sigev_value
    std::uint64_t next_ns = 0;     // by its clock; 0: not armed
    std::uint64_t interval_ns = 0;
    bool absolute = false;        // set to a time of its clock
    std::uint64_t behind_ns = 0;  // it was due before the clocks began, so much
    std::uint64_t overrun = 0;    // of the last signal that was delivered
    bool queued = false;          // its signal is pending; the timer is armed again at delivery
    TimerHandle armed;            // for timers of simulated time
    std::shared_ptr<const SignalAllowance> allowance;  // for its signal, as long as it exists
    MemoryCharge charge;
};

}  // namespace uprobesim
