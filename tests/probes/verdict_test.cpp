// SPDX-License-Identifier: GPL-2.0-or-later
// Expected values: the kernels' own decoders, run over all words (the counts of
// tools/walk_verdicts were compared with them in full), and single encodings.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "probes/verdict.h"
#include "tests/probes/decode_examples.h"

using namespace uprobesim;
using namespace uprobesim::test;

TEST_CASE("single encodings get the kernels' verdicts", "[verdict]") {
    for (const DecodeExample& e : kDecodeExamples) {
        INFO(e.text << " " << std::hex << e.word);
        CHECK(verdict(e.word, DecodeTable::V6_1).kind == e.v6_1);
        CHECK(verdict(e.word, DecodeTable::V6_12).kind == e.v6_1);
        CHECK(verdict(e.word, DecodeTable::V6_13).kind == e.v6_13);
        CHECK(verdict(e.word, DecodeTable::V6_13Stp).kind == e.stp_patch);
        for (const DecodeTable t : {DecodeTable::V6_1, DecodeTable::V6_13, DecodeTable::V6_13Stp}) {
            const Verdict v = verdict(e.word, t);
            CHECK(v.handler == (v.kind == VerdictKind::Simulate ? e.handler : Handler::None));
            CHECK_FALSE(v.what.empty());
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
        Counts c = {{{K::Reject, H::None}, reject},        {{K::Step, H::None}, step},
                    {{K::Simulate, H::BCond}, b_cond},     {{K::Simulate, H::CbzCbnz}, 67108864},
                    {{K::Simulate, H::TbzTbnz}, 67108864}, {{K::Simulate, H::AdrAdrp}, 134217728},
                    {{K::Simulate, H::BBl}, 134217728},    {{K::Simulate, H::BrBlrRet}, 96}};
        if (nop > 0) c[{K::Simulate, H::Nop}] = nop;
        if (stp > 0) c[{K::Simulate, H::StpFpLr}] = stp;
        return c;
    };
    static const std::map<DecodeTable, Counts> all = {
        {DecodeTable::V6_1, table(118498457, 3765426951, 8388608, 0, 0)},
        {DecodeTable::V6_12, table(118498457, 3765426951, 8388608, 0, 0)},
        {DecodeTable::V6_13, table(135275673, 3748649734, 8388608, 1, 0)},
        {DecodeTable::V6_13Stp, table(135275673, 3748649606, 8388608, 1, 128)},
        {DecodeTable::New, table(135275673, 3740261126, 16777216, 1, 0)},
    };
    return all;
}

}  // namespace

TEST_CASE("a sample of all words is divided as all of them are", "[verdict]") {
    // An odd stride visits every residue of the low bits; the share of a large class may be off by its sampling error.
    constexpr std::uint64_t kStride = 1021;
    for (const auto& [table, counts] : published()) {
        Counts seen;
        std::uint64_t words = 0;
        for (std::uint64_t w = 0; w < (std::uint64_t{1} << 32); w += kStride, ++words) {
            const Verdict v = verdict(static_cast<std::uint32_t>(w), table);
            seen[{v.kind, v.handler}] += 1;
        }
        for (const auto& [key, all] : counts) {
            if (all < 1e6) continue;  // rarer than the sample can show
            INFO("table " << static_cast<int>(table) << " kind " << static_cast<int>(key.first) << " handler "
                          << static_cast<int>(key.second));
            CHECK(std::abs(seen[key] * kStride / all - 1) < 0.002);
        }
        for (const auto& [key, n] : seen) CHECK(counts.count(key) == 1);
    }
}

TEST_CASE("the rare classes have exactly the words they should", "[verdict]") {
    // STP x29, x30, [sp, #imm7*8]!: one word for each imm7.
    for (std::uint32_t imm = 0; imm < 128; ++imm) {
        const std::uint32_t word = 0xa9807bfdu | imm << 15;
        CHECK(verdict(word, DecodeTable::V6_13Stp).handler == Handler::StpFpLr);
        CHECK(verdict(word, DecodeTable::V6_13).kind == VerdictKind::Step);
        for (unsigned bit = 0; bit < 32; ++bit) {
            if (bit >= 15 && bit <= 21) continue;
            CHECK(verdict(word ^ (1u << bit), DecodeTable::V6_13Stp).handler != Handler::StpFpLr);
        }
    }
    // BR, BLR and RET of 32 registers each.
    std::uint32_t branches = 0;
    for (std::uint32_t low = 0; low < (1u << 23); ++low)
        branches += verdict(0xd6000000u | low, DecodeTable::V6_1).handler == Handler::BrBlrRet;
    CHECK(branches == 96);
    // NOP alone, from 6.13.
    for (unsigned bit = 0; bit < 32; ++bit)
        CHECK(verdict(0xd503201fu ^ (1u << bit), DecodeTable::V6_13).handler != Handler::Nop);
    CHECK(verdict(0xd503201f, DecodeTable::V6_13).handler == Handler::Nop);
}

TEST_CASE("each row decides at its own boundary", "[verdict]") {
    // Of the words that differ from a row's in one fixed bit, none may be caught by that row.
    for (const VerdictRow& row : verdict_rows()) {
        CHECK((row.value & ~row.mask) == 0);
        for (unsigned bit = 0; bit < 32; ++bit) {
            if ((row.mask >> bit & 1) == 0) continue;
            const std::uint32_t outside = row.value ^ (1u << bit);
            for (const DecodeTable t :
                 {DecodeTable::V6_1, DecodeTable::V6_13, DecodeTable::V6_13Stp, DecodeTable::New}) {
                CHECK((outside & row.mask) != row.value);
                CHECK(verdict(outside, t).what.data() != nullptr);
            }
        }
    }
}

TEST_CASE("decode tables go by the kernel's name", "[verdict]") {
    CHECK(decode_table("6.1") == DecodeTable::V6_1);
    CHECK(decode_table("6.13+stp") == DecodeTable::V6_13Stp);
    CHECK_FALSE(decode_table("6.14").has_value());
}
