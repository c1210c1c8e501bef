// SPDX-License-Identifier: GPL-2.0-or-later
// struct rusage, as sys_getrusage, wait4 and waitid write it.
#pragma once

#include <algorithm>
#include <array>

#include "kernel_model/syscall/time_args.h"

namespace uprobesim {

struct UsageBytes {
    TimeVal user, system;
    std::array<std::int64_t, 14> counts{};  // [0] is ru_maxrss in KiB
};

inline UsageBytes usage_bytes(const CpuTime& time, std::uint64_t pages) {
    UsageBytes usage{.user = to_timeval(time.user_ns), .system = to_timeval(time.system_ns)};
    usage.counts[0] = static_cast<std::int64_t>(pages * kPageSize / 1024);
    return usage;
}

// What a zombie used, its own dead children included.
inline UsageBytes usage_of_child(const Kernel& kernel, const Process& child) {
    CpuTime time = kernel.clock().cpu_time(child);
    time += child.children_time;
    return usage_bytes(
        time, child.mm != nullptr ? child.mm->resident_pages() : child.children_peak_pages);
}

}  // namespace uprobesim
