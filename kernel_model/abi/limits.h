// SPDX-License-Identifier: GPL-2.0-or-later
// Limits that the calls have (linux/limits.h, linux/fs.h, linux/uio.h, uapi headers of each).
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::size_t kPathMax = 4096, kNameMax = 255;

// MAX_RW_COUNT: one read or write moves no more.
inline constexpr std::uint64_t kMaxRwCount = 0x7ffff000;

// UIO_MAXIOV: parts of a vector, and messages of one sendmmsg or recvmmsg.
inline constexpr std::uint64_t kUioMaxiov = 1024;

// MAX_ARG_STRLEN: one string of execve, with its NUL.
inline constexpr std::uint64_t kMaxArgStrlen = 131072;

inline constexpr std::uint32_t kNgroupsMax = 65536;

// A robust list that is longer is taken for a ring.
inline constexpr std::size_t kRobustListLimit = 2048;

// MAXSYMLINKS: links that one walk of a path follows.
inline constexpr int kLinkLimit = 40;

}  // namespace uprobesim::abi
