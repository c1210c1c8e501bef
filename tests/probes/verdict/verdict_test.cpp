// SPDX-License-Identifier: GPL-2.0-or-later
// Expected values: the kernels' own decoders, run over all words (the counts of tools/walk_verdicts
// were compared with them in full), and single encodings.
#include "probes/verdict/verdict.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "sim/base/entropy.h"
#include "tests/probes/verdict/decode_examples.h"

using namespace uprobesim;
using namespace uprobesim::test;

TEST_CASE("single encodings get the kernels' verdicts", "[verdict]") {
    for (const DecodeExample& e : kDecodeExamples) {
        INFO(e.text << " " << std::hex << e.word);
        CHECK(decide(e.word, DecodeTable::V61).kind == e.v6_1);
        CHECK(decide(e.word, DecodeTable::V612).kind == e.v6_1);
        CHECK(decide(e.word, DecodeTable::V613).kind == e.v6_13);
        CHECK(decide(e.word, DecodeTable::V613Stp).kind == e.stp_patch);
        for (const DecodeTable t : {DecodeTable::V61, DecodeTable::V613, DecodeTable::V613Stp}) {
            const Verdict v = decide(e.word, t);
            CHECK(v.handler == (v.kind == VerdictKind::Emulate ? e.handler : Handler::None));
            CHECK_FALSE(v.reason.empty());
        }
    }
}

namespace {

using Key = std::pair<VerdictKind, Handler>;
using Counts = std::map<Key, double>;

// How many of all 2^32 words: the published table.
const std::map<DecodeTable, Counts>& published() {
    using K = VerdictKind;
    using H = Handler;
    const auto table = [](double reject, double step, double b_cond, double nop, double stp) {
        Counts c = {{{K::Reject, H::None}, reject},       {{K::Step, H::None}, step},
                    {{K::Emulate, H::BCond}, b_cond},     {{K::Emulate, H::CbzCbnz}, 67108864},
                    {{K::Emulate, H::TbzTbnz}, 67108864}, {{K::Emulate, H::AdrAdrp}, 134217728},
                    {{K::Emulate, H::BBl}, 134217728},    {{K::Emulate, H::BrBlrRet}, 96}};
        if (nop > 0) c[{K::Emulate, H::Nop}] = nop;
        if (stp > 0) c[{K::Emulate, H::StpFpLr}] = stp;
        return c;
    };
    static const std::map<DecodeTable, Counts> all = {
        {DecodeTable::V61, table(118498457, 3765426951, 8388608, 0, 0)},
        {DecodeTable::V612, table(118498457, 3765426951, 8388608, 0, 0)},
        {DecodeTable::V613, table(135275673, 3748649734, 8388608, 1, 0)},
        {DecodeTable::V613Stp, table(135275673, 3748649606, 8388608, 1, 128)},
        {DecodeTable::New, table(135275673, 3740261126, 16777216, 1, 0)},
    };
    return all;
}

}  // namespace

TEST_CASE("a sample of all words is divided as all of them are", "[verdict]") {
    // An odd stride visits every residue of the low bits; the share of a large class may be off by
    // its sampling error.
    constexpr std::uint64_t kStride = 1021;
    for (const auto& [table, counts] : published()) {
        Counts seen;
        std::uint64_t words = 0;
        for (std::uint64_t w = 0; w < (std::uint64_t{1} << 32); w += kStride, ++words) {
            const Verdict v = decide(static_cast<std::uint32_t>(w), table);
            seen[{v.kind, v.handler}] += 1;
        }
        for (const auto& [key, all] : counts) {
            if (all < 1e6) continue;  // rarer than the sample can show
            INFO("table " << static_cast<int>(table) << " kind " << static_cast<int>(key.first)
                          << " handler " << static_cast<int>(key.second));
            CHECK(std::abs(seen[key] * kStride / all - 1) < 0.002);
        }
        for (const auto& [key, n] : seen) CHECK(counts.count(key) == 1);
    }
}

TEST_CASE("the rare classes have exactly the words they should", "[verdict]") {
    // STP x29, x30, [sp, #imm7*8]!: one word for each imm7.
    for (std::uint32_t imm = 0; imm < 128; ++imm) {
        const std::uint32_t word = 0xa9807bfdu | imm << 15;
        CHECK(decide(word, DecodeTable::V613Stp).handler == Handler::StpFpLr);
        CHECK(decide(word, DecodeTable::V613).kind == VerdictKind::Step);
        for (unsigned bit = 0; bit < 32; ++bit) {
            if (bit >= 15 && bit <= 21) continue;
            CHECK(decide(word ^ (1u << bit), DecodeTable::V613Stp).handler != Handler::StpFpLr);
        }
    }
    // BR, BLR and RET of 32 registers each.
    std::uint32_t branches = 0;
    for (std::uint32_t low = 0; low < (1u << 23); ++low)
        branches += decide(0xd6000000u | low, DecodeTable::V61).handler == Handler::BrBlrRet;
    CHECK(branches == 96);
    // NOP alone, from 6.13.
    for (unsigned bit = 0; bit < 32; ++bit)
        CHECK(decide(0xd503201fu ^ (1u << bit), DecodeTable::V613).handler != Handler::Nop);
    CHECK(decide(0xd503201f, DecodeTable::V613).handler == Handler::Nop);
}

namespace {

std::uint32_t bits(std::uint32_t word, unsigned high, unsigned low) {
    return static_cast<std::uint32_t>((std::uint64_t{word} >> low) &
                                      ((std::uint64_t{1} << (high - low + 1)) - 1));
}

// The kernels' decision told a second time, by the fields of the Arm ARM's encoding tables and
// without a mask.
// NOLINTNEXTLINE(readability-function-cognitive-complexity): a row of the manual's tables a line.
Key branches_and_system(std::uint32_t w, DecodeTable t) {
    using K = VerdictKind;
    using H = Handler;
    constexpr Key kReject{K::Reject, H::None}, kStep{K::Step, H::None};
    const std::uint32_t top = bits(w, 31, 24);
    if (top == 0x54)
        return bits(w, 4, 4) == 0 || t == DecodeTable::New ? Key{K::Emulate, H::BCond} : kStep;
    if (bits(w, 30, 25) == 0b011010) return {K::Emulate, H::CbzCbnz};
    if (bits(w, 30, 25) == 0b011011) return {K::Emulate, H::TbzTbnz};
    if (bits(w, 30, 26) == 0b00101) return {K::Emulate, H::BBl};
    if (top == 0xd4) return kReject;   // exception generation
    if (top == 0xd6 || top == 0xd7) {  // unconditional branch (register)
        const std::uint32_t opc = bits(w, 24, 21), op2 = bits(w, 20, 16), op3 = bits(w, 15, 10),
                            rn = bits(w, 9, 5), op4 = bits(w, 4, 0);
        if (op2 != 31) return kStep;
        if (opc <= 2 && op3 == 0 && op4 == 0) return {K::Emulate, H::BrBlrRet};
        const bool pauth = op3 == 2 || op3 == 3;
        if ((opc & 7) <= 1 && pauth) return kReject;  // BRAA, BLRAA and their kin
        if ((opc == 2 || opc == 4) && pauth && rn == 31 && op4 == 31)
            return kReject;                                                // RETAA, ERETAA
        if (opc == 4 && op3 == 0 && rn == 31 && op4 == 0) return kReject;  // ERET
        return kStep;
    }
    if (top == 0xd5) {
        const std::uint32_t l = bits(w, 21, 21), op0 = bits(w, 20, 19), op1 = bits(w, 18, 16),
                            crn = bits(w, 15, 12), crm = bits(w, 11, 8), op2 = bits(w, 7, 5),
                            rt = bits(w, 4, 0);
        if (bits(w, 23, 22) != 0) return kStep;
        if (l == 0 && op0 == 0 && crn == 4 && rt == 31) return kReject;  // MSR (immediate)
        if (l == 0 && op0 >= 2) return kReject;                          // MSR (register)
        if (l == 1 && op0 >= 2)  // MRS: all but DAIF, S3_3_C4_C2_1
            return op0 == 3 && op1 == 3 && crn == 4 && crm == 2 && op2 == 1 ? kReject : kStep;
        if (l == 0 && op0 == 0 && op1 == 3 && crn == 2 && rt == 31) {  // hints
            constexpr std::array<std::uint32_t, 12> kSafe = {0,  7,  8,  10, 24, 25,
                                                             26, 27, 32, 34, 36, 38};
            return std::find(kSafe.begin(), kSafe.end(), crm * 8 + op2) != kSafe.end() ? kStep
                                                                                       : kReject;
        }
    }
    return kStep;
}

Key expected(std::uint32_t w, DecodeTable t) {
    using K = VerdictKind;
    using H = Handler;
    constexpr Key kReject{K::Reject, H::None};
    const bool from_6_13 =
        t == DecodeTable::V613 || t == DecodeTable::V613Stp || t == DecodeTable::New;
    // Load/store pair, 64 bits, pre-indexed, store: opc 10, V 0, x29 and x30 by sp.
    if (t == DecodeTable::V613Stp && bits(w, 31, 22) == 0b1010100110 &&
        bits(w, 14, 0) == (30u << 10 | 31u << 5 | 29u))
        return {K::Emulate, H::StpFpLr};
    if (from_6_13 && w == 0xd503201f) return {K::Emulate, H::Nop};
    if (bits(w, 28, 26) == 0b101) return branches_and_system(w, t);
    if (bits(w, 28, 24) == 0b10000) return {K::Emulate, H::AdrAdrp};
    // Load register (literal), general registers: opc 0, 1 load, 2 LDRSW, 3 PRFM.
    if (bits(w, 29, 24) == 0b011000) {
        return kReject;
    }
    if (bits(w, 29, 23) == 0b0010000) return kReject;  // exclusives, CASP
    if (from_6_13 && bits(w, 29, 27) == 0b011 && bits(w, 25, 24) == 0b01 && bits(w, 21, 21) == 0 &&
        bits(w, 11, 10) == 0b01)
        return kReject;  // CPY*, SET*
    return {K::Step, H::None};
}

constexpr DecodeTable kTables[] = {DecodeTable::V61, DecodeTable::V612, DecodeTable::V613,
                                   DecodeTable::V613Stp, DecodeTable::New};

std::uint64_t wrong_verdicts(std::uint32_t word) {
    std::uint64_t wrong = 0;
    for (const DecodeTable t : kTables) {
        const Verdict v = decide(word, t);
        if (Key{v.kind, v.handler} == expected(word, t)) continue;
        ++wrong;
        UNSCOPED_INFO("table " << static_cast<int>(t) << " word " << std::hex << word << " verdict "
                               << verdict_name(v.kind) << " " << handler_name(v.handler));
    }
    return wrong;
}

}  // namespace

TEST_CASE("each row decides up to its own boundary and no further", "[verdict]") {
    for (const VerdictRow& row : verdict_rows()) {
        INFO(row.reason << " " << std::hex << row.value);
        REQUIRE((row.value & ~row.mask) == 0);
        std::uint64_t wrong = 0;
        for (const std::uint32_t free : {0u, 0xffffffffu, 0x55555555u, 0xaaaaaaaau}) {
            const std::uint32_t inside = row.value | (free & ~row.mask);
            wrong += wrong_verdicts(inside);
            for (unsigned i = 0; i < 32; ++i) {
                wrong += wrong_verdicts(inside ^ 1u << i);
                for (unsigned j = 0; j < i; ++j)
                    wrong += wrong_verdicts(inside ^ 1u << i ^ 1u << j);
            }
        }
        CHECK(wrong == 0);
    }
}

TEST_CASE("random words, half of them of the branch and system class, are decided by their fields",
          "[verdict]") {
    Entropy random(61);
    std::uint64_t wrong = 0;
    for (int i = 0; i < 2000000; ++i) {
        auto word = static_cast<std::uint32_t>(random.next());
        if (i % 2 == 0) word = (word & ~0x1c000000u) | 0x14000000u;
        wrong += wrong_verdicts(word);
    }
    CHECK(wrong == 0);
}

TEST_CASE("classes that can be counted have exactly their words", "[verdict]") {
    // Words per class by free bits; together they are the published number of refused words.
    constexpr std::uint64_t kException = 1u << 24, kMsrImmediate = 1u << 10, kMsr = 1u << 20,
                            kDaif = 32, kHints = 128 - 12, kAuthenticated = 2 * (1ul << 12),
                            kReturns = 2 + 1 + 2;
    constexpr std::uint64_t kLiterals = (1u << 25) + (1u << 24) + (1u << 24),
                            kExclusives = 1u << 25, kMops = 1u << 24;
    constexpr std::uint64_t kSystem =
        kException + kMsrImmediate + kMsr + kDaif + kHints + kAuthenticated + kReturns;
    static_assert(kSystem + kLiterals + kExclusives == 118498457);
    static_assert(kSystem + kLiterals + kExclusives + kMops == 135275673);

    const auto count = [](std::uint32_t top, VerdictKind kind, DecodeTable t) {
        std::uint64_t n = 0;
        for (std::uint32_t low = 0; low < 1u << 24; ++low)
            n += decide(top << 24 | low, t).kind == kind;
        return n;
    };
    CHECK(count(0x54, VerdictKind::Emulate, DecodeTable::V613) == 8388608);
    CHECK(count(0x54, VerdictKind::Emulate, DecodeTable::New) == 16777216);
    CHECK(count(0xd4, VerdictKind::Reject, DecodeTable::V613) == kException);
    CHECK(count(0xd5, VerdictKind::Reject, DecodeTable::V613) ==
          kMsrImmediate + kMsr + kDaif + kHints);
    CHECK(count(0xd5, VerdictKind::Emulate, DecodeTable::V613) == 1);
    CHECK(count(0xd5, VerdictKind::Emulate, DecodeTable::V61) == 0);
    CHECK(count(0xd6, VerdictKind::Reject, DecodeTable::V613) +
              count(0xd7, VerdictKind::Reject, DecodeTable::V613) ==
          kAuthenticated + kReturns);
    CHECK(count(0xa9, VerdictKind::Emulate, DecodeTable::V613Stp) == 128);
}
