// SPDX-License-Identifier: GPL-2.0-or-later
// Ends of children: wait4 and waitid (linux/wait.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint32_t kWnohang = 0x1, kWuntraced = 0x2, kWstopped = 0x2, kWexited = 0x4,
                               kWcontinued = 0x8, kWnowait = 0x1000000, kWnothread = 0x20000000,
                               kWall = 0x40000000, kWclone = 0x80000000;

// waitid's kinds of ids
inline constexpr std::int32_t kPAll = 0, kPPid = 1, kPPgid = 2, kPPidfd = 3;

// What wait4 tells of a child (bits/waitstatus.h).
constexpr std::int32_t wait_exited(std::int32_t status) {
    return (status & 0xff) << 8;
}
constexpr std::int32_t wait_stopped(std::int32_t signal) {
    return signal << 8 | 0x7f;
}
inline constexpr std::int32_t kWaitCoreFlag = 0x80;
inline constexpr std::int32_t kWaitContinued = 0xffff;
constexpr std::int32_t wait_term_signal(std::int32_t word) {
    return word & 0x7f;
}
constexpr std::int32_t wait_exit_status(std::int32_t word) {
    return word >> 8 & 0xff;
}

}  // namespace uprobesim::abi
