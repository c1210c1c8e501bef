// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers of devices (Documentation/admin-guide/devices.txt).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint64_t kMemMajor = 1, kRandomMinor = 8, kUrandomMinor = 9, kKmsgMinor = 11;
inline constexpr std::uint64_t kTtyauxMajor = 5, kPtsMajor = 136;

}  // namespace uprobesim::abi
