// SPDX-License-Identifier: GPL-2.0-or-later
// Capabilities (linux/capability.h).
#pragma once

#include <array>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint32_t kCapVersion1 = 0x19980330, kCapVersion2 = 0x20071026,
                               kCapVersion3 = 0x20080522;
inline constexpr std::uint64_t kCapLastCap = 40;
inline constexpr std::uint64_t kAllCapabilityBits = (std::uint64_t{1} << (kCapLastCap + 1)) - 1;
inline constexpr std::array<std::uint32_t, 2> kAllCapabilities = {0xffffffff, 0x1ff};
static_assert(kAllCapabilityBits == 0x1ffffffffff);

}  // namespace uprobesim::abi
