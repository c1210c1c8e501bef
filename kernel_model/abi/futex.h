// SPDX-License-Identifier: GPL-2.0-or-later
// futex(2): operations, and the word of a lock that says its owner (linux/futex.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint32_t kFutexWait = 0, kFutexWake = 1, kFutexFd = 2, kFutexRequeue = 3,
                               kFutexCmpRequeue = 4, kFutexWakeOp = 5, kFutexLockPi = 6,
                               kFutexUnlockPi = 7, kFutexTrylockPi = 8, kFutexWaitBitset = 9,
                               kFutexWakeBitset = 10, kFutexWaitRequeuePi = 11,
                               kFutexCmpRequeuePi = 12, kFutexLockPi2 = 13;

inline constexpr std::uint32_t kFutexPrivateFlag = 128, kFutexClockRealtime = 256;

// The calls that name the size of a word: FUTEX2_*.
inline constexpr std::uint32_t kFutex2SizeMask = 3, kFutex2SizeU32 = 2;

// FUTEX_WAKE_OP: what to do, and what to compare.
inline constexpr std::uint32_t kFutexOpSet = 0, kFutexOpAdd = 1, kFutexOpOr = 2, kFutexOpAndn = 3,
                               kFutexOpXor = 4, kFutexOpOpargShift = 8, kFutexOpCmpEq = 0,
                               kFutexOpCmpNe = 1, kFutexOpCmpLt = 2, kFutexOpCmpLe = 3,
                               kFutexOpCmpGt = 4, kFutexOpCmpGe = 5;

inline constexpr std::uint32_t kFutexTidMask = 0x3fffffff, kFutexOwnerDied = 0x40000000,
                               kFutexWaiters = 0x80000000;

inline constexpr std::uint32_t kFutexBitsetMatchAny = 0xffffffff;

}  // namespace uprobesim::abi
