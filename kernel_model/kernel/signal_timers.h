// SPDX-License-Identifier: GPL-2.0-or-later
// Timers that send signals: setitimer's and timer_create's.
#pragma once

#include <cstdint>

#include "kernel_model/task/process.h"

namespace uprobesim {

class Kernel;

class SignalTimers {
public:
    explicit SignalTimers(Kernel& kernel) : kernel_(kernel) {}

    // ITIMER_REAL; a `next_ns` of 0 disarms it.
    void set_real(Process& process, std::uint64_t next_ns, std::uint64_t interval_ns);
    // A timer of timer_create; `next_ns` by its clock, 0 disarms it.
    void set_posix(Process& process, PosixTimer& timer, std::uint64_t next_ns,
                   std::uint64_t interval_ns);
    // The time of the timer's clock.
    std::uint64_t now(const Process& process, const PosixTimer& timer) const;
    // To call when a signal is dequeued. If a timer sent it, sets the overrun count in `info` and
    // arms a periodic timer again.
    void signal_taken(Task& task, SignalInfo& info);
    // CLOCK_REALTIME has got `moved_ns` ahead, so timers for a time of it are due sooner.
    void realtime_set(std::int64_t moved_ns);
    // Sends the signals of the timers of CPU time that have expired; called at each tick.
    void check_cpu_timers(Process& process);

private:
    void check_cpu_limit(Process& process);
    void real_expired(Process& process);
    void posix_expired(Process& process, PosixTimer& timer);

    Kernel& kernel_;
};

}  // namespace uprobesim
