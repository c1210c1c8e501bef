// SPDX-License-Identifier: GPL-2.0-or-later
// Classes of instructions, as reports count them and core models price them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace uprobesim {

enum class InsnClass : std::uint8_t {
    IntAlu,    // add, logic, move, compare, csel, shift, bitfield extract
    IntShift,  // add or logic with a shifted or extended operand, bitfield insert, extr
    IntMul,    // mul, madd, smulh, ...
    IntDiv,
    Load,  // one or a pair, integer
    Store,
    LoadFp,  // SIMD&FP register load
    StoreFp,
    Atomic,          // LSE atomics, CAS, CASP
    Exclusive,       // LDXR/STXR family, load-acquire exclusives
    AcqRel,          // LDAR, STLR, LDAPR
    BranchDirect,    // b, b.cond, cbz, tbz
    BranchCall,      // bl
    BranchIndirect,  // br, blr
    BranchReturn,    // ret
    FpAlu,           // fadd, fmul, fmadd, conversions, compares
    FpDivSqrt,
    Simd,     // advanced SIMD integer and permute
    Crypto,   // aes, sha, crc32, pmull
    Hint,     // nop, bti, pac hints, yield
    Barrier,  // dmb, dsb, isb, clrex
    System,   // mrs, msr, dc, ic, svc, brk
    Other,
    kCount
};
inline constexpr std::size_t kInsnClassCount = static_cast<std::size_t>(InsnClass::kCount);
using InsnClassCounts = std::array<std::uint64_t, kInsnClassCount>;

std::string_view insn_class_name(InsnClass);  // "int-alu", ... as reports and core files spell it

}  // namespace uprobesim
