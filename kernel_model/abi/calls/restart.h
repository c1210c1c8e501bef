// SPDX-License-Identifier: GPL-2.0-or-later
// Calls that are made again after a signal (linux/errno.h, asm-generic/unistd.h).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

// What the call has returned, as its tracer sees it.
inline constexpr std::int64_t kErestartsys = 512, kErestartnointr = 513, kErestartnohand = 514,
                              kErestartRestartblock = 516;
inline constexpr std::uint32_t kRestartSyscall = 128;  // the number of restart_syscall

}  // namespace uprobesim::abi
