// SPDX-License-Identifier: GPL-2.0-or-later
// adjtimex and clock_adjtime (linux/timex.h).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint32_t kAdjOffset = 0x1, kAdjFrequency = 0x2, kAdjMaxError = 0x4,
                               kAdjEstError = 0x8, kAdjStatus = 0x10, kAdjTimeConst = 0x20,
                               kAdjTai = 0x80, kAdjSetOffset = 0x100, kAdjMicro = 0x1000,
                               kAdjNano = 0x2000, kAdjTick = 0x4000;
// With kAdjOffset, as adjtime(3) asks, and then only to read.
inline constexpr std::uint32_t kAdjSingle = 0x8000, kAdjReadOnly = 0x2000;
inline constexpr std::int32_t kStaPll = 0x1, kStaUnsync = 0x40, kStaNano = 0x2000,
                              kStaReadOnly = 0xff00;
// What the calls return.
inline constexpr std::uint64_t kTimeOk = 0, kTimeError = 5;

}  // namespace uprobesim::abi
