// SPDX-License-Identifier: GPL-2.0-or-later
// Clocks and timers (linux/time.h), ticks.
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::int32_t kClockRealtime = 0, kClockMonotonic = 1, kClockProcessCputimeId = 2,
                              kClockThreadCputimeId = 3, kClockMonotonicRaw = 4,
                              kClockRealtimeCoarse = 5, kClockMonotonicCoarse = 6,
                              kClockBoottime = 7, kClockRealtimeAlarm = 8, kClockBoottimeAlarm = 9,
                              kClockTai = 11;

inline constexpr std::uint64_t kTimerAbstime = 1;

inline constexpr std::int32_t kItimerReal = 0, kItimerVirtual = 1, kItimerProf = 2;

inline constexpr std::int32_t kSigevSignal = 0, kSigevNone = 1, kSigevThread = 2,
                              kSigevThreadId = 4;

inline constexpr std::uint64_t kTickNs = 4'000'000;       // CONFIG_HZ=250, as Debian builds it
inline constexpr std::uint64_t kUserTickNs = 10'000'000;  // USER_HZ=100, of times and /proc

// The clock of CPU time of another process or task: its id inverted above bit 2, bit 2 for a task,
// the kind in the low two bits (linux/posix-timers.h).
inline constexpr std::int32_t kCpuclockPerthreadMask = 4, kCpuclockClockMask = 3, kCpuclockMax = 3;
// A clock of a descriptor.
inline constexpr std::int32_t kClockfd = 3, kClockfdMask = 7;
constexpr std::int32_t cpu_clock_pid(std::int32_t id) {
    return ~(id >> 3);
}

}  // namespace uprobesim::abi
