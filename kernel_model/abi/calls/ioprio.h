// SPDX-License-Identifier: GPL-2.0-or-later
// ioprio_get and ioprio_set (linux/ioprio.h).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::int32_t kIoprioWhoProcess = 1, kIoprioWhoGroup = 2, kIoprioWhoUser = 3;
// The class stands above the level, of which there are eight.
inline constexpr std::uint32_t kIoprioClassShift = 13, kIoprioLevels = 7;
inline constexpr std::uint32_t kIoprioNone = 0, kIoprioRealTime = 1, kIoprioBestEffort = 2,
                               kIoprioIdle = 3;

}  // namespace uprobesim::abi
