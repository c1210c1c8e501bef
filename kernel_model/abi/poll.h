// SPDX-License-Identifier: GPL-2.0-or-later
// Bits of poll, and of epoll, which has the same (asm-generic/poll.h).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint32_t kPollIn = 1, kPollPri = 2, kPollOut = 4, kPollErr = 8,
                               kPollHup = 0x10, kPollNval = 0x20, kPollRdnorm = 0x40,
                               kPollRdband = 0x80, kPollWrnorm = 0x100, kPollWrband = 0x200,
                               kPollMsg = 0x400, kPollRdhup = 0x2000;
// As most files have them: both of each, and what ends any wait.
inline constexpr std::uint32_t kPollReadable = kPollIn | kPollRdnorm,
                               kPollWritable = kPollOut | kPollWrnorm,
                               kPollEnds = kPollErr | kPollHup | kPollRdhup;

}  // namespace uprobesim::abi
