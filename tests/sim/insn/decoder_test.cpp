// SPDX-License-Identifier: GPL-2.0-or-later
// Each row has a text, the word to which GNU as 2.40 assembles it, and the instruction's class by
// the Arm manual.
#include "sim/insn/decoder.h"

#include <catch2/catch.hpp>
#include <set>
#include <vector>

using namespace uprobesim;

namespace {
struct Row {
    std::uint32_t word;
    InsnClass cls;
    const char* text;
};
const Row kRows[] = {
    {0xf8200041, InsnClass::Atomic, "ldadd x0,x1,[x2]"},
    {0xc8a07c41, InsnClass::Atomic, "cas x0,x1,[x2]"},
    {0x48207c82, InsnClass::Atomic, "casp x0,x1,x2,x3,[x4]"},
    {0xb8e08041, InsnClass::Atomic, "swpal w0,w1,[x2]"},
    {0x382333e4, InsnClass::Atomic, "ldsetb w3,w4,[sp]"},
    {0xf8bfc020, InsnClass::AcqRel, "ldapr x0,[x1]"},
    {0xd9408020, InsnClass::AcqRel, "ldapur x0,[x1,#8]"},
    {0xc8dffc20, InsnClass::AcqRel, "ldar x0,[x1]"},
    {0xc89ffc20, InsnClass::AcqRel, "stlr x0,[x1]"},
    {0xc85f7c20, InsnClass::Exclusive, "ldxr x0,[x1]"},
    {0xc87f0440, InsnClass::Exclusive, "ldxp x0,x1,[x2]"},
    {0xc800fc41, InsnClass::Exclusive, "stlxr w0,x1,[x2]"},
    {0xc8200861, InsnClass::Exclusive, "stxp w0,x1,x2,[x3]"},
    {0xd503201f, InsnClass::Hint, "nop"},
    {0xd503203f, InsnClass::Hint, "yield"},
    {0xd503233f, InsnClass::Hint, "paciasp"},
    {0xd50323bf, InsnClass::Hint, "autiasp"},
    {0xd503245f, InsnClass::Hint, "bti c"},
    {0xf9400020, InsnClass::Load, "ldr x0,[x1]"},
    {0xf8200420, InsnClass::Load, "ldraa x0,[x1]"},
    {0xf8627820, InsnClass::Load, "ldr x0,[x1,x2,lsl #3]"},
    {0xb8804c20, InsnClass::Load, "ldrsw x0,[x1,#4]!"},
    {0xa8c17bfd, InsnClass::Load, "ldp x29,x30,[sp],#16"},
    {0x69400440, InsnClass::Load, "ldpsw x0,x1,[x2]"},
    {0xa8400440, InsnClass::Load, "ldnp x0,x1,[x2]"},
    {0x38401420, InsnClass::Load, "ldrb w0,[x1],#1"},
    {0xf8400820, InsnClass::Load, "ldtr x0,[x1]"},
    {0xf9800000, InsnClass::Load, "prfm pldl1keep,[x0]"},
    {0x58000000, InsnClass::Load, "ldr x0,."},
    {0xf9000020, InsnClass::Store, "str x0,[x1]"},
    {0xa9bf7bfd, InsnClass::Store, "stp x29,x30,[sp,#-16]!"},
    {0x79000420, InsnClass::Store, "strh w0,[x1,#2]"},
    {0xf8000820, InsnClass::Store, "sttr x0,[x1]"},
    {0xf81ff020, InsnClass::Store, "stur x0,[x1,#-1]"},
    {0x38224820, InsnClass::Store, "strb w0,[x1,w2,uxtw]"},
    {0xd9200800, InsnClass::Store, "stg x0,[x0]"},
    {0x3cc10400, InsnClass::LoadFp, "ldr q0,[x0],#16"},
    {0xfd400000, InsnClass::LoadFp, "ldr d0,[x0]"},
    {0xad400400, InsnClass::LoadFp, "ldp q0,q1,[x0]"},
    {0x4cdf7000, InsnClass::LoadFp, "ld1 {v0.16b},[x0],#16"},
    {0x4c400800, InsnClass::LoadFp, "ld4 {v0.4s-v3.4s},[x0]"},
    {0x1c000000, InsnClass::LoadFp, "ldr s0,."},
    {0x4d40c800, InsnClass::LoadFp, "ld1r {v0.4s},[x0]"},
    {0x3d800000, InsnClass::StoreFp, "str q0,[x0]"},
    {0x6d0127e8, InsnClass::StoreFp, "stp d8,d9,[sp,#16]"},
    {0x0d000c00, InsnClass::StoreFp, "st1 {v0.b}[3],[x0]"},
    {0x3c003020, InsnClass::StoreFp, "stur b0,[x1,#3]"},
    {0x14000000, InsnClass::BranchDirect, "b ."},
    {0x54000000, InsnClass::BranchDirect, "b.eq ."},
    {0x35000000, InsnClass::BranchDirect, "cbnz w0,."},
    {0xb6400000, InsnClass::BranchDirect, "tbz x0,#40,."},
    {0x94000000, InsnClass::BranchCall, "bl ."},
    {0xd61f0220, InsnClass::BranchIndirect, "br x17"},
    {0xd63f0060, InsnClass::BranchIndirect, "blr x3"},
    {0xd71f0801, InsnClass::BranchIndirect, "braa x0,x1"},
    {0xd63f081f, InsnClass::BranchIndirect, "blraaz x0"},
    {0xd65f03c0, InsnClass::BranchReturn, "ret"},
    {0xd65f00a0, InsnClass::BranchReturn, "ret x5"},
    {0xd65f0bff, InsnClass::BranchReturn, "retaa"},
    {0xd53bd040, InsnClass::System, "mrs x0,tpidr_el0"},
    {0xd51bd040, InsnClass::System, "msr tpidr_el0,x0"},
    {0xd50b7420, InsnClass::System, "dc zva,x0"},
    {0xd4000001, InsnClass::System, "svc #0"},
    {0xd42000a0, InsnClass::System, "brk #5"},
    {0xd69f03e0, InsnClass::System, "eret"},
    {0xd500401f, InsnClass::System, "cfinv"},
    {0xd5033bbf, InsnClass::Barrier, "dmb ish"},
    {0xd5033f9f, InsnClass::Barrier, "dsb sy"},
    {0xd5033fdf, InsnClass::Barrier, "isb"},
    {0xd5033f5f, InsnClass::Barrier, "clrex"},
    {0xd50330ff, InsnClass::Barrier, "sb"},
    {0x8b020020, InsnClass::IntAlu, "add x0,x1,x2"},
    {0x91000c20, InsnClass::IntAlu, "add x0,x1,#3"},
    {0xaa0103e0, InsnClass::IntAlu, "mov x0,x1"},
    {0x528000e0, InsnClass::IntAlu, "mov w0,#7"},
    {0x90000000, InsnClass::IntAlu, "adrp x0,."},
    {0xab020020, InsnClass::IntAlu, "adds x0,x1,x2"},
    {0xf100041f, InsnClass::IntAlu, "cmp x0,#1"},
    {0x92401c20, InsnClass::IntAlu, "and x0,x1,#0xff"},
    {0x1a9f17e0, InsnClass::IntAlu, "cset w0,eq"},
    {0xfa410000, InsnClass::IntAlu, "ccmp x0,x1,#0,eq"},
    {0x9a020020, InsnClass::IntAlu, "adc x0,x1,x2"},
    {0xdac01020, InsnClass::IntAlu, "clz x0,x1"},
    {0xdac00c20, InsnClass::IntAlu, "rev x0,x1"},
    {0x9ac22020, InsnClass::IntAlu, "lsl x0,x1,x2"},
    {0xd37df020, InsnClass::IntAlu, "lsl x0,x1,#3"},
    {0x53001c20, InsnClass::IntAlu, "uxtb w0,w1"},
    {0xdac10020, InsnClass::IntAlu, "pacia x0,x1"},
    {0x8b020c20, InsnClass::IntShift, "add x0,x1,x2,lsl #3"},
    {0x8b224020, InsnClass::IntShift, "add x0,x1,w2,uxtw"},
    {0xcac20c20, InsnClass::IntShift, "eor x0,x1,x2,ror #3"},
    {0xb37d0c20, InsnClass::IntShift, "bfi x0,x1,#3,#4"},
    {0x93c20c20, InsnClass::IntShift, "extr x0,x1,x2,#3"},
    {0x9b027c20, InsnClass::IntMul, "mul x0,x1,x2"},
    {0x1b028c20, InsnClass::IntMul, "msub w0,w1,w2,w3"},
    {0x9bc27c20, InsnClass::IntMul, "umulh x0,x1,x2"},
    {0x9b227c20, InsnClass::IntMul, "smull x0,w1,w2"},
    {0x9ac20820, InsnClass::IntDiv, "udiv x0,x1,x2"},
    {0x1ac20c20, InsnClass::IntDiv, "sdiv w0,w1,w2"},
    {0x1ac24020, InsnClass::Crypto, "crc32b w0,w1,w2"},
    {0x9ac25c20, InsnClass::Crypto, "crc32cx w0,w1,x2"},
    {0x4e284820, InsnClass::Crypto, "aese v0.16b,v1.16b"},
    {0x5e024020, InsnClass::Crypto, "sha256h q0,q1,v2.4s"},
    {0x5e280820, InsnClass::Crypto, "sha1h s0,s1"},
    {0x0ee2e020, InsnClass::Crypto, "pmull v0.1q,v1.1d,v2.1d"},
    {0x1e622820, InsnClass::FpAlu, "fadd d0,d1,d2"},
    {0x1f420c20, InsnClass::FpAlu, "fmadd d0,d1,d2,d3"},
    {0x1e620c20, InsnClass::FpAlu, "fcsel d0,d1,d2,eq"},
    {0x1e602008, InsnClass::FpAlu, "fcmp d0,#0.0"},
    {0x9e620000, InsnClass::FpAlu, "scvtf d0,x0"},
    {0x9e780000, InsnClass::FpAlu, "fcvtzs x0,d0"},
    {0x9e670000, InsnClass::FpAlu, "fmov d0,x0"},
    {0x1e6e1000, InsnClass::FpAlu, "fmov d0,#1.0"},
    {0x4e22cc20, InsnClass::FpAlu, "fmla v0.4s,v1.4s,v2.4s"},
    {0x4fa29020, InsnClass::FpAlu, "fmul v0.4s,v1.4s,v2.s[1]"},
    {0x4ee0f820, InsnClass::FpAlu, "fabs v0.2d,v1.2d"},
    {0x0e616820, InsnClass::FpAlu, "fcvtn v0.2s,v1.2d"},
    {0x4e21d820, InsnClass::FpAlu, "scvtf v0.4s,v1.4s"},
    {0x1e621820, InsnClass::FpDivSqrt, "fdiv d0,d1,d2"},
    {0x1e21c020, InsnClass::FpDivSqrt, "fsqrt s0,s1"},
    {0x6e22fc20, InsnClass::FpDivSqrt, "fdiv v0.4s,v1.4s,v2.4s"},
    {0x6ee1f820, InsnClass::FpDivSqrt, "fsqrt v0.2d,v1.2d"},
    {0x4ea28420, InsnClass::Simd, "add v0.4s,v1.4s,v2.4s"},
    {0x4e209820, InsnClass::Simd, "cmeq v0.16b,v1.16b,#0"},
    {0x0e073c20, InsnClass::Simd, "umov w0,v1.b[3]"},
    {0x4e010c20, InsnClass::Simd, "dup v0.16b,w1"},
    {0x4e020020, InsnClass::Simd, "tbl v0.16b,{v1.16b},v2.16b"},
    {0x6e021820, InsnClass::Simd, "ext v0.16b,v1.16b,v2.16b,#3"},
    {0x4f235420, InsnClass::Simd, "shl v0.4s,v1.4s,#3"},
    {0x4f00e420, InsnClass::Simd, "movi v0.16b,#1"},
    {0x4eb1b820, InsnClass::Simd, "addv s0,v1.4s"},
    {0x4fa28020, InsnClass::Simd, "mul v0.4s,v1.4s,v2.s[1]"},
    {0x4ea20c20, InsnClass::Simd, "sqadd v0.4s,v1.4s,v2.4s"},
    {0x4e829420, InsnClass::Simd, "sdot v0.4s,v1.16b,v2.16b"},
    {0x4ea0b820, InsnClass::Simd, "abs v0.4s,v1.4s"},
    {0x00000000, InsnClass::Other, "udf #0"},
};

std::uint64_t x(unsigned n) {
    return std::uint64_t{1} << n;
}
std::uint64_t v(unsigned n) {
    return std::uint64_t{1} << (kFirstVectorBit + n);
}
}  // namespace

TEST_CASE("an instruction is of the class the manual puts it in", "[sim][insn]") {
    for (const Row& row : kRows) {
        INFO(row.text);
        CHECK(insn_class_name(Decoder::classify(row.word)) == insn_class_name(row.cls));
    }
}

TEST_CASE("every class has a name of its own", "[sim][insn]") {
    std::set<std::string_view> names;
    for (std::size_t c = 0; c < kInsnClassCount; ++c)
        names.insert(insn_class_name(static_cast<InsnClass>(c)));
    CHECK(names.size() == kInsnClassCount);
    CHECK(names.count("") == 0);
    CHECK(insn_class_name(InsnClass::Other) == "other");
    CHECK(insn_class_name(InsnClass::BranchReturn) == "branch-return");
}

TEST_CASE("any word at all can be classified, described and printed", "[sim][insn]") {
    const Decoder decoder;
    std::uint32_t word = 1;
    for (int i = 0; i < 20000; ++i) {
        word = word * 1664525u + 1013904223u;  // Numerical Recipes' generator: spread, nothing more
        CHECK_FALSE(decoder.disassemble(word, 0x1000).empty());
        CHECK(decoder.describe(word).cls == Decoder::classify(word));
    }
}

TEST_CASE("text is the assembler's, or the word itself", "[sim][insn]") {
    const Decoder decoder;
    CHECK(decoder.disassemble(0xa9bf7bfd, 0) == "stp x29, x30, [sp, #-0x10]!");
    CHECK(decoder.disassemble(0xd65f03c0, 0) == "ret");
    CHECK(decoder.disassemble(0xd503201f, 0) == "nop");
    CHECK(decoder.disassemble(0xd503233f, 0) == "paciasp");
    CHECK(decoder.disassemble(0xd50323bf, 0) == "autiasp");
    CHECK(decoder.disassemble(0xd503245f, 0) == "bti c");
    CHECK(decoder.disassemble(0x14000001, 0x1000) == "b #0x1004");
    CHECK(decoder.disassemble(0xf8200041, 0) == "ldadd x0, x1, [x2]");
    CHECK(decoder.disassemble(0xc8a07c41, 0) == "cas x0, x1, [x2]");
    CHECK(decoder.disassemble(0xf8bfc020, 0) == "ldapr x0, [x1]");
    CHECK(decoder.disassemble(0x00000000, 0) == ".word 0x00000000");
}

TEST_CASE("what a word is does not depend on the words before it", "[sim][insn]") {
    std::uint64_t state = 1;
    const auto random = [&state] {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::uint32_t>(state >> 32);
    };
    std::vector<std::uint32_t> words;
    for (const Row& row : kRows) words.push_back(row.word);
    // B, BL, B.cond, CBZ, TBNZ, ADR, ADRP with any offset and register, and words of any kind.
    for (const std::uint32_t relative : {0x14000000u, 0x94000000u, 0x54000000u, 0xb4000000u,
                                         0x37000000u, 0x10000000u, 0x90000000u, 0u})
        for (int i = 0; i < 60; ++i)
            words.push_back(relative == 0 ? random() : relative | (random() & 0x00ffffffu));
    const Decoder warm;
    for (int i = 0; i < 100'000; ++i) warm.describe(random());
    for (int round = 0; round < 2; ++round)
        for (const std::uint32_t word : words) {
            INFO(std::hex << word);
            CHECK(warm.describe(word) == Decoder().describe(word));
        }
}

TEST_CASE("the registers an instruction reads and writes are known", "[sim][insn]") {
    const Decoder decoder;
    const InsnInfo stp = decoder.describe(0xa9bf7bfd);  // stp x29, x30, [sp, #-16]!
    CHECK(stp.reads.regs == (x(29) | x(30) | x(kSpBit)));
    CHECK(stp.writes.regs == x(kSpBit));
    CHECK(stp.writeback);
    CHECK(stp.base == kSpBit);
    CHECK(stp.access_bytes == 16);

    const InsnInfo ldp = decoder.describe(0xa8c17bfd);  // ldp x29, x30, [sp], #16
    CHECK(ldp.reads.regs == x(kSpBit));
    CHECK(ldp.writes.regs == (x(29) | x(30) | x(kSpBit)));

    const InsnInfo adds = decoder.describe(0xab020020);  // adds x0, x1, x2
    CHECK(adds.reads.regs == (x(1) | x(2)));
    CHECK(adds.writes.regs == x(0));
    CHECK(adds.writes.nzcv);
    CHECK(decoder.describe(0x54000000).reads.nzcv);  // b.eq

    CHECK(decoder.describe(0x1f420c20).reads.regs == (v(1) | v(2) | v(3)));  // fmadd d0, d1, d2, d3
    CHECK(decoder.describe(0x1f420c20).writes.regs == v(0));
    CHECK(decoder.describe(0xd65f03c0).reads.regs == x(30));   // ret
    CHECK(decoder.describe(0xd63f0060).writes.regs == x(30));  // blr x3
    CHECK(decoder.describe(0xd53bd040).reads.regs == 0);       // mrs x0, tpidr_el0
    CHECK(decoder.describe(0xd53bd040).writes.regs == x(0));
    // Ldadd x0, x1, [x2]: not in Capstone 4.
    CHECK(decoder.describe(0xf8200041).reads.regs == (x(0) | x(2)));
    CHECK(decoder.describe(0xf8200041).writes.regs == x(1));
    CHECK(decoder.describe(0x3cc10400).access_bytes == 16);  // ldr q0, [x0], #16
    CHECK(decoder.describe(0x3cc10400).reads.regs == x(0));
    CHECK(decoder.describe(0x39400020).access_bytes == 1);   // ldrb w0, [x1]
    CHECK(decoder.describe(0xf900001f).reads.regs == x(0));  // str xzr, [x0]
}

TEST_CASE("a comparison reads both operands and writes flags alone", "[sim][insn]") {
    const Decoder decoder;
    struct Row {
        const char* text;
        std::uint32_t word;
        std::uint64_t reads;
        bool reads_flags;
    };
    const std::uint64_t sp = std::uint64_t{1} << kSpBit;
    // As in the manual's operands, C6.2.
    const Row rows[] = {
        {"cmp x0, x2", 0xeb02001f, 0b101, false},
        {"cmp x0, #2", 0xf100081f, 0b1, false},
        {"cmp sp, #1", 0xf10007ff, sp, false},
        {"tst x0, x2", 0xea02001f, 0b101, false},
        {"tst x0, #1", 0xf240001f, 0b1, false},
        {"cmn x0, x2", 0xab02001f, 0b101, false},
        {"ccmp w0, w2, #0, eq", 0x7a420000, 0b101, true},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const InsnInfo info = decoder.describe(row.word);
        CHECK(info.reads.regs == row.reads);
        CHECK(info.reads.nzcv == row.reads_flags);
        CHECK(info.writes.regs == 0);
        CHECK(info.writes.nzcv);
    }
    const InsnInfo csel = decoder.describe(0x9a810000);  // csel x0, x0, x1, eq
    CHECK(csel.reads.nzcv);
    CHECK(csel.reads.regs == 0b11);
    CHECK_FALSE(csel.writes.nzcv);
}
