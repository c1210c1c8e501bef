// SPDX-License-Identifier: GPL-2.0-or-later
// The simulated time, for what needs no more than to read it. Implemented by the scheduler.
#pragma once

#include <cstdint>

#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

// CLOCK_REALTIME at the start of every run: 2024-09-09 00:00:00 UTC.
inline constexpr std::uint64_t kEpochNs = 1'725'840'000ull * 1'000'000'000ull;

// What CLOCK_REALTIME is at the start of CLOCK_MONOTONIC, which the guest may set.
struct RealTimeBase {
    std::uint64_t epoch_ns = kEpochNs;
    std::uint64_t times_set = 0;
    WaitQueue was_set;
};

class TimeSource {
public:
    virtual ~TimeSource() = default;
    // CLOCK_MONOTONIC: since the start, on the current CPU.
    virtual std::uint64_t now_ns() const = 0;
};

}  // namespace uprobesim
