// SPDX-License-Identifier: GPL-2.0-or-later
// The BRK instructions of the uprobe layer.
#pragma once

#include <cstdint>

namespace uprobesim {

inline constexpr std::uint32_t kUprobeBrk = 0xd42000a0;  // BRK #5: UPROBES_BRK_IMM
inline constexpr std::uint16_t kUprobeBrkImm = 5;

// Ends an 8-byte slot. Linux/arm64 uses 4 to 7 for kprobes and uprobes; 8 is free.
inline constexpr std::uint16_t kSlotBrkImm = 8;
inline constexpr std::uint32_t kSlotBrk = 0xd4200000 | std::uint32_t{kSlotBrkImm} << 5;

}  // namespace uprobesim
