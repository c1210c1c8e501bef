// SPDX-License-Identifier: GPL-2.0-or-later
// LDAR and STLR: without LSE2 they must be aligned, whatever SCTLR_EL1.A says (Arm ARM, "Alignment
// of data accesses"). This engine checks that of exclusives only, so it is checked here, before the
// block that begins with one; blocks are cut where one stands inside (UnicornCpu::cut_block).
#pragma once

#include <cstdint>
#include <optional>

#include "sim/cpu/cpu.h"
#include "sim/cpu/stop.h"

namespace uprobesim {

// Of more than a byte, that is, one that may be unaligned.
constexpr bool is_ordered_access(std::uint32_t word) {
    return (word & 0x3fa08000u) == 0x08808000u && word >> 30 != 0;
}

// The fault that the instruction takes, if any. `read`: the value of a register.
template <class Read>
std::optional<Abort> alignment_fault(std::uint32_t word, Read read) {
    const VAddr address(read(static_cast<Reg>(word >> 5 & 31)));  // 31: SP
    const std::uint64_t bytes = std::uint64_t{1} << (word >> 30);
    if ((address.value & (bytes - 1)) == 0) return std::nullopt;
    const bool load = (word >> 22 & 1) != 0;
    return Abort{
        .address = address, .access = load ? Access::Read : Access::Write, .unaligned = true};
}

}  // namespace uprobesim
