// SPDX-License-Identifier: GPL-2.0-or-later
// Bits of poll, and of epoll, which has the same (asm-generic/poll.h); epoll, eventfd, timerfd,
// signalfd (linux/eventpoll.h and the others).
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

inline constexpr std::uint32_t kEpollCtlAdd = 1, kEpollCtlDel = 2, kEpollCtlMod = 3;

inline constexpr std::uint32_t kEpollCloexec = 02000000;

inline constexpr std::uint32_t kEpollexclusive = 0x10000000, kEpollwakeup = 0x20000000,
                               kEpolloneshot = 0x40000000, kEpollet = 0x80000000, kEpollmsg = 0x400;

inline constexpr std::uint32_t kEfdSemaphore = 01, kEfdCloexec = 02000000, kEfdNonblock = 04000;

inline constexpr std::uint32_t kTfdCloexec = 02000000, kTfdNonblock = 04000, kTfdTimerAbstime = 01,
                               kTfdTimerCancelOnSet = 02;

inline constexpr std::uint32_t kSfdCloexec = 02000000, kSfdNonblock = 04000;

}  // namespace uprobesim::abi
