// SPDX-License-Identifier: GPL-2.0-or-later
// Words as GNU as makes them, with the extension that it asks for (`.arch armv8-a+...`).
#include "sim/insn/isa.h"

#include <catch2/catch.hpp>

using namespace uprobesim;

TEST_CASE("a word needs the feature that an assembler asks for", "[isa]") {
    const struct {
        std::uint32_t word = 0;
        std::optional<IsaFeature> needs;
    } rows[] = {
        {0xf8220023, IsaFeature::Lse},      // ldadd x2, x3, [x1]
        {0x38e18062, IsaFeature::Lse},      // swpalb w1, w2, [x3]
        {0xc8a07c41, IsaFeature::Lse},      // cas x0, x1, [x2]
        {0x48207c82, IsaFeature::Lse},      // casp x0, x1, x2, x3, [x4]
        {0xf8bfc022, IsaFeature::Rcpc},     // ldapr x2, [x1]
        {0x995fc022, IsaFeature::Rcpc2},    // ldapur w2, [x1, #-4]
        {0x6e828420, IsaFeature::Rdm},      // sqrdmlah v0.4s, v1.4s, v2.4s
        {0x7fa2f020, IsaFeature::Rdm},      // sqrdmlsh s0, s1, v2.s[1]
        {0x1ee22820, IsaFeature::Fp16},     // fadd h0, h1, h2
        {0x4f325020, IsaFeature::Fp16},     // fmls v0.8h, v1.8h, v2.h[3]
        {0x9ef80020, IsaFeature::Fp16},     // fcvtzs x0, h1
        {0x0ef8c820, IsaFeature::Fp16},     // fcmgt v0.4h, v1.4h, #0
        {0xd50b7c21, IsaFeature::Dpb},      // dc cvap, x1
        {0xd50b7d21, IsaFeature::Dpb2},     // dc cvadp, x1
        {0x1e7e0020, IsaFeature::Jscvt},    // fjcvtzs w0, d1
        {0x6e82cc20, IsaFeature::Fcma},     // fcmla v0.4s, v1.4s, v2.4s, #90
        {0xdac10040, IsaFeature::Pac},      // pacia x0, x2
        {0xdac147e3, IsaFeature::Pac},      // xpacd x3
        {0xd65f0fff, IsaFeature::Pac},      // retab
        {0xd71f0822, IsaFeature::Pac},      // braa x1, x2
        {0xf8200420, IsaFeature::Pac},      // ldraa x0, [x1]
        {0x9ac23020, IsaFeature::Pac},      // pacga x0, x1, x2
        {0x6e829420, IsaFeature::DotProd},  // udot v0.4s, v1.16b, v2.16b
        {0x4e22ec20, IsaFeature::Fhm},      // fmlal v0.4s, v1.4h, v2.4h
        {0xce020c20, IsaFeature::Sha3},     // eor3 v0.16b, v1.16b, v2.16b, v3.16b
        {0xce628c20, IsaFeature::Sha3},     // rax1 v0.2d, v1.2d, v2.2d
        {0xce628020, IsaFeature::Sha512},   // sha512h q0, q1, v2.2d
        {0xce420c20, IsaFeature::Sm3},      // sm3ss1 v0.4s, v1.4s, v2.4s, v3.4s
        {0xcec08420, IsaFeature::Sm4},      // sm4e v0.4s, v1.4s
        {0xd500401f, IsaFeature::Flagm},    // cfinv
        {0xba018424, IsaFeature::Flagm},    // rmif x1, #3, #4
        {0xd500405f, IsaFeature::Flagm2},   // axflag
        {0x1e284020, IsaFeature::Frintts},  // frint32z s0, s1
        {0xd50330ff, IsaFeature::Sb},       // sb
        {0xd53b2400, IsaFeature::Rng},      // mrs x0, rndr
        {0xd53b42c0, IsaFeature::Ssbs},     // mrs x0, ssbs
        {0xd503415f, IsaFeature::Dit},      // msr dit, #1
        {0x4e284820, IsaFeature::Aes},      // aese v0.16b, v1.16b
        {0x0ee2e020, IsaFeature::Pmull},    // pmull v0.1q, v1.1d, v2.1d
        {0x5e280820, IsaFeature::Sha1},     // sha1h s0, s1
        {0x5e024020, IsaFeature::Sha2},     // sha256h q0, q1, v2.4s
        {0x9ac24c20, IsaFeature::Crc32},    // crc32x w0, w1, x2
        {0xc85f7c20, {}},                   // ldxr x0, [x1]
        {0xc8dffc20, {}},                   // ldar x0, [x1]
        {0x1ee24020, {}},                   // fcvt s0, h1
        {0x1e222820, {}},                   // fadd s0, s1, s2
        {0x4fa21020, {}},                   // fmla v0.4s, v1.4s, v2.s[1]
        {0x4f728020, {}},                   // mul v0.8h, v1.8h, v2.h[3]
        {0xd503233f, {}},                   // paciasp
        {0xd503245f, {}},                   // bti c
        {0x0e22e020, {}},                   // pmull v0.8h, v1.8b, v2.8b
        {0xf8626820, {}},                   // ldr x0, [x1, x2]
        {0xd53bd040, {}},                   // mrs x0, tpidr_el0
    };
    for (const auto& row : rows) {
        INFO(std::hex << row.word);
        CHECK(needed_feature(row.word) == row.needs);
    }
}

TEST_CASE("a set of features is read by name, and what no machine can have is refused with why",
          "[isa]") {
    const auto set = isa_set({"lse", "pac"});
    REQUIRE(set);
    CHECK(set->has(IsaFeature::Lse));
    CHECK(set->has(IsaFeature::Pac));
    CHECK_FALSE(set->has(IsaFeature::Aes));
    CHECK(isa_names(*set) == std::vector<std::string>{"lse", "pac"});
    CHECK(isa_set({"lse", "lse"}).error().what == "'isa.features' has 'lse' twice");
    CHECK(isa_set({"lsee"}).error().what == "'isa.features' has 'lsee'");
    const auto sve = isa_set({"sve"});
    REQUIRE_FALSE(sve);
    CHECK(sve.error().hint == why_refused(IsaFeature::Sve));
    CHECK_FALSE(why_refused(IsaFeature::Sve).empty());
    CHECK(armv8_0_set().without(*isa_set({"aes", "pmull", "sha1", "sha2", "crc32"})).empty());
}
