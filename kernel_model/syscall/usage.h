// SPDX-License-Identifier: GPL-2.0-or-later
// struct rusage, as sys_getrusage, wait4 and waitid write it.
#pragma once

#include <algorithm>
#include <array>

#include "kernel_model/syscall/time_args.h"

namespace uprobesim {

struct UsageBytes {
    TimeVal user, system;
    std::int64_t most_kib = 0;  // ru_maxrss
    std::array<std::int64_t, 3> areas{};
    std::int64_t minor_faults = 0;
    std::array<std::int64_t, 7> unused{};
    std::int64_t voluntary = 0, involuntary = 0;  // switches
};
static_assert(sizeof(UsageBytes) == 144);

// Every fault is a minor one: what a disk holds is in memory.
inline UsageBytes usage_bytes(const CpuTime& time, std::uint64_t pages, std::uint64_t faults) {
    return {.user = to_timeval(time.user_ns),
            .system = to_timeval(time.system_ns),
            .most_kib = static_cast<std::int64_t>(pages * kPageSize / 1024),
            .minor_faults = static_cast<std::int64_t>(faults)};
}

// The most pages that the living process had.
inline std::uint64_t peak_pages(const Process& process) {
    return process.mm == nullptr ? process.former_peak_pages
                                 : std::max(process.former_peak_pages, process.mm->peak_pages());
}

// What a zombie used, its own dead children included.
inline UsageBytes usage_of_child(const Kernel& kernel, const Process& child) {
    CpuTime time = kernel.clock().cpu_time(child);
    time += child.children_time;
    return usage_bytes(time, std::max(peak_pages(child), child.children_peak_pages),
                       kernel.faults(child) + child.children_faults);
}

}  // namespace uprobesim
