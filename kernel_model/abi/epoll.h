// SPDX-License-Identifier: GPL-2.0-or-later
// epoll, eventfd, timerfd, signalfd (linux/eventpoll.h and the others). The events are those of
// abi/poll.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint32_t kEpollCtlAdd = 1, kEpollCtlDel = 2, kEpollCtlMod = 3;

inline constexpr std::uint32_t kEpollCloexec = 02000000;

inline constexpr std::uint32_t kEpollexclusive = 0x10000000, kEpollwakeup = 0x20000000,
                               kEpolloneshot = 0x40000000, kEpollet = 0x80000000, kEpollmsg = 0x400;

inline constexpr std::uint32_t kEfdSemaphore = 01, kEfdCloexec = 02000000, kEfdNonblock = 04000;

inline constexpr std::uint32_t kTfdCloexec = 02000000, kTfdNonblock = 04000, kTfdTimerAbstime = 01,
                               kTfdTimerCancelOnSet = 02;

inline constexpr std::uint32_t kSfdCloexec = 02000000, kSfdNonblock = 04000;

}  // namespace uprobesim::abi
