// SPDX-License-Identifier: GPL-2.0-or-later
// Times as guests give them, and waits with a timeout.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernel_model/abi/clock.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

struct TimeSpec {
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
};
struct TimeVal {
    std::int64_t seconds = 0;
    std::int64_t microseconds = 0;
};

inline constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
// KTIME_SEC_MAX: what is beyond is cut, as the kernel's timespec64_to_ktime does.
inline constexpr std::int64_t kMaxSeconds = 9'223'372'035;

constexpr TimeSpec to_timespec(std::uint64_t ns) {
    return {static_cast<std::int64_t>(ns / kNsPerSecond),
            static_cast<std::int64_t>(ns % kNsPerSecond)};
}
constexpr TimeVal to_timeval(std::uint64_t ns) {
    return {static_cast<std::int64_t>(ns / kNsPerSecond),
            static_cast<std::int64_t>(ns % kNsPerSecond / 1000)};
}

// A struct timespec in ns; Fault, or Inval where it is not a valid one.
inline SysResult<std::uint64_t> read_duration(UserMemory& memory, VAddr at) {
    const auto given = memory.get<TimeSpec>(at);
    if (!given) return tl::make_unexpected(Errno::Fault);
    if (given->seconds < 0 || given->nanoseconds < 0 ||
        given->nanoseconds >= static_cast<std::int64_t>(kNsPerSecond)) {
        return tl::make_unexpected(Errno::Inval);
    }
    return static_cast<std::uint64_t>(std::min(given->seconds, kMaxSeconds)) * kNsPerSecond +
           static_cast<std::uint64_t>(given->nanoseconds);
}

// What the caller's namespace of times adds to a clock, in ns (timens_add_monotonic and _boottime).
inline std::int64_t clock_offset(const SysCall& call, std::int32_t clock) {
    const TimeNamespace* const space = call.process.time_space.get();
    if (space == nullptr) return 0;
    switch (clock) {
        case abi::kClockMonotonic:
        case abi::kClockMonotonicRaw:
        case abi::kClockMonotonicCoarse: return space->monotonic_ns;
        case abi::kClockBoottime:
        case abi::kClockBoottimeAlarm: return space->boottime_ns;
        default: return 0;
    }
}
// timens_ktime_to_host: a time of a clock that the caller gives, as the kernel's own clock has it;
// 1 for what is over, as 0 stands for none.
inline std::uint64_t to_host_time(const SysCall& call, std::int32_t clock, std::uint64_t ns) {
    const std::int64_t offset = clock_offset(call, clock);
    const auto time = static_cast<std::int64_t>(ns);
    if (offset == 0 || ns == 0) return ns;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(time - offset, 1));
}

// Sets the wait's deadline at the first entry. True: it is reached.
inline bool deadline_passed(SysCall& call, std::uint64_t timeout_ns) {
    const std::uint64_t now = call.kernel.clock().monotonic_ns();
    if (call.task.wait_deadline_ns == kNoDeadline) call.task.wait_deadline_ns = now + timeout_ns;
    return now >= call.task.wait_deadline_ns;
}

}  // namespace uprobesim
