// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of an instruction word.
#pragma once

#include <cstdint>

#include "sim/insn/insn_class.h"

namespace uprobesim {

// A set of registers: X0..X30 are bits 0..30, SP is 31, V0..V31 are 32..63, NZCV is apart.
struct RegSet {
    std::uint64_t regs = 0;
    bool nzcv = false;
    bool operator==(const RegSet&) const = default;
};
inline constexpr unsigned kSpBit = 31;
inline constexpr unsigned kFirstVectorBit = 32;

struct InsnInfo {
    InsnClass cls = InsnClass::Other;
    RegSet reads;
    RegSet writes;
    bool writeback = false;     // pre- or post-index: the base register is written too
    unsigned base = kSpBit;     // which one, if writeback
    unsigned access_bytes = 0;  // memory accesses: bytes moved, both registers of a pair
    bool operator==(const InsnInfo&) const = default;
};

}  // namespace uprobesim
