// SPDX-License-Identifier: GPL-2.0-or-later
// Word to class, by the encoding index of the Arm Architecture Reference Manual (DDI 0487, chapter
// C4). First matching row wins. A word the architecture leaves unallocated takes its group's class:
// it never retires.
#include <array>

#include "sim/insn/decoder.h"
#include "sim/insn/word_index.h"

namespace uprobesim {

namespace {

struct Row {
    std::uint32_t mask;
    std::uint32_t value;
    InsnClass cls;
};

using enum InsnClass;
constexpr std::array kRows = {
    // Branches, exceptions, system: bits 28..26 = 101
    Row{0xfc000000, 0x14000000, BranchDirect},    // b
    Row{0xfc000000, 0x94000000, BranchCall},      // bl
    Row{0xfe000000, 0x54000000, BranchDirect},    // b.cond, bc.cond
    Row{0x7e000000, 0x34000000, BranchDirect},    // cbz, cbnz
    Row{0x7e000000, 0x36000000, BranchDirect},    // tbz, tbnz
    Row{0xfffff01f, 0xd503201f, Hint},            // nop, yield, bti, pac hints
    Row{0xfffff01f, 0xd503301f, Barrier},         // clrex, dsb, dmb, isb, sb
    Row{0xfe000000, 0xd4000000, System},          // svc, brk, hlt; msr, mrs, sys
    Row{0xfee00000, 0xd6000000, BranchIndirect},  // br, braa
    Row{0xfee00000, 0xd6200000, BranchIndirect},  // blr, blraa
    Row{0xfee00000, 0xd6400000, BranchReturn},    // ret, retaa
    Row{0xfe000000, 0xd6000000, System},          // eret, drps
    Row{0x1c000000, 0x14000000, Other},           // the rest of the group is unallocated
    // Data processing, immediate: bits 28..26 = 100
    Row{0x7f800000, 0x33000000,
        IntShift},  // bfm; ubfm and sbfm (shifts, extracts) are ordinary ALU work
    Row{0x1f800000, 0x13800000, IntShift},  // extr
    Row{0x1c000000, 0x10000000, IntAlu},    // adr, add, sub, logical, mov, ubfm, sbfm
    // Data processing, register: bits 27..25 = 101
    Row{0x1f00fc00, 0x0a000000, IntAlu},    // logical, shift amount 0
    Row{0x1f20fc00, 0x0b000000, IntAlu},    // add, sub, shift amount 0
    Row{0x1e000000, 0x0a000000, IntShift},  // shifted or extended operand
    Row{0x1f000000, 0x1b000000, IntMul},    // madd, msub, smulh, umulh
    Row{0x5fe0f800, 0x1ac00800, IntDiv},    // udiv, sdiv
    Row{0x5fe0e000, 0x1ac04000, Crypto},    // crc32
    Row{0x1f000000, 0x1a000000, IntAlu},    // adc, ccmp, csel, lslv, rbit, clz, pac
    // Loads and stores: bit 27 = 1, bit 25 = 0
    Row{0xbfa00000, 0x08200000, Atomic},     // casp
    Row{0x3fa00000, 0x08a00000, Atomic},     // cas
    Row{0x3fa00000, 0x08800000, AcqRel},     // ldar, stlr, ldlar, stllr
    Row{0x3f000000, 0x08000000, Exclusive},  // ldxr, stxr, ldxp, stxp and the acquire-release forms
    Row{0xbe400000, 0x0c400000, LoadFp},     // ld1..ld4
    Row{0xbe000000, 0x0c000000, StoreFp},    // st1..st4
    Row{0x3f200c00, 0x19000000, AcqRel},     // ldapur, stlur
    Row{0xff200000, 0xd9200000, Store},      // stg and relatives
    Row{0x3f000000, 0x18000000, Load},       // ldr literal, prfm literal
    Row{0x3f000000, 0x1c000000, LoadFp},     // ldr literal, SIMD&FP
    Row{0x3e400000, 0x28400000, Load},       // ldp
    Row{0x3e400000, 0x28000000, Store},      // stp
    Row{0x3e400000, 0x2c400000, LoadFp},     // ldp, SIMD&FP
    Row{0x3e400000, 0x2c000000, StoreFp},    // stp, SIMD&FP
    Row{0x3ffffc00, 0x38bfc000, AcqRel},     // ldapr
    Row{0x3f200c00, 0x38200000, Atomic},     // ldadd, ldclr, ldeor, ldset, swp, ...
    Row{0x3e400000, 0x3c400000, LoadFp},     // ldr, ldur
    Row{0x3e400000, 0x3c000000, StoreFp},    // str, stur
    Row{0xff200400, 0xf8200400, Load},       // ldraa, ldrab
    Row{0x3ec00000, 0x38000000, Store},      // str, stur, sttr
    Row{0x3e000000, 0x38000000, Load},       // ldr, ldrs*, ldtr, prfm
    Row{0x0a000000, 0x08000000, Other},      // the rest of the group
    // SIMD and floating point: bits 27..25 = 111
    Row{0xff3e0c00, 0x4e280800, Crypto},     // aese, aesd, aesmc, aesimc
    Row{0xff208c00, 0x5e000000, Crypto},     // sha1c .. sha256su1
    Row{0xff3e0c00, 0x5e280800, Crypto},     // sha1h, sha1su1, sha256su0
    Row{0xff000000, 0xce000000, Crypto},     // sha512, sha3, sm3, sm4
    Row{0xbf20fc00, 0x0e20e000, Crypto},     // pmull
    Row{0xff20fc00, 0x1e201800, FpDivSqrt},  // fdiv
    Row{0xff3ffc00, 0x1e21c000, FpDivSqrt},  // fsqrt
    Row{0xbfa0fc00, 0x2e20fc00, FpDivSqrt},  // fdiv, vector
    Row{0xbfe0fc00, 0x2e403c00, FpDivSqrt},  // fdiv, vector of halves
    Row{0xbfbffc00, 0x2ea1f800, FpDivSqrt},  // fsqrt, vector
    Row{0xbffffc00, 0x2ef9f800, FpDivSqrt},  // fsqrt, vector of halves
    Row{0x5e000000, 0x1e000000, FpAlu},      // scalar floating point, fused multiply-add
    Row{0x9f20c400, 0x0e20c400, FpAlu},      // three registers, opcode 11xxx
    Row{0xdf20c400, 0x5e20c400, FpAlu},      // the same, scalar
    Row{0x8f3f8c00, 0x0e218800, FpAlu},      // two registers: frint, fcvt, scvtf, frecpe
    Row{0x8f3fec00, 0x0e216800, FpAlu},      // fcvtn, fcvtl
    Row{0x8fbfcc00, 0x0ea0c800, FpAlu},      // fcmgt .. fabs, fneg
    Row{0x8f00b400, 0x0f001000, FpAlu},      // fmla, fmls by element
    Row{0x8f00f400, 0x0f009000, FpAlu},      // fmul, fmulx by element
    Row{0x8e000000, 0x0e000000, Simd},
};
constexpr WordIndex<kRows.size()> kRowIndex(kRows);

}  // namespace

InsnClass Decoder::classify(std::uint32_t word) {
    for (const std::uint8_t place : kRowIndex.of(word)) {
        const Row& row = kRows[place];
        if ((word & row.mask) == row.value) return row.cls;
    }
    return Other;
}

}  // namespace uprobesim
