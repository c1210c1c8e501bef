// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel's objects are charged, in bytes: Linux's slab objects on arm64, or what the model
// takes of the host where that is more; and the limits that Linux derives from the memory.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/mem/physical_memory.h"

namespace uprobesim {

inline constexpr std::uint64_t kTaskBytes = 24 << 10;    // task_struct, stack, the engine's context
inline constexpr std::uint64_t kProcessBytes = 6 << 10;  // signal and sighand, files, fs, mm
inline constexpr std::uint64_t kTimerBytes = 640;        // k_itimer, its sigqueue and hrtimer
inline constexpr std::uint64_t kWaitBytes = 64;          // a place in a wait queue
inline constexpr std::uint64_t kFreeWaits = 16;  // of such places, which the task's charge includes

// set_max_threads: an eighth of the memory for stacks of 16 KiB. Capped at the value for 8 GiB, for
// which the default RLIMIT_NPROC and RLIMIT_SIGPENDING are set.
inline std::uint64_t threads_max(const PhysicalMemory& memory) {
    constexpr std::uint64_t kThreadSize = 16 << 10, kFewest = 20, kMost = 62000;
    return std::clamp(memory.limit_bytes() / (8 * kThreadSize), kFewest, kMost);
}

// ep_init: watches may take 4 % of the memory.
inline std::uint64_t most_epoll_watches(const PhysicalMemory& memory) {
    constexpr std::uint64_t kItemBytes = 200;
    return memory.limit_bytes() / 25 / kItemBytes;
}

}  // namespace uprobesim
