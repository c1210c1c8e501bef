// SPDX-License-Identifier: GPL-2.0-or-later
// The block estimate against LLVM 14's llvm-mca -mcpu=cortex-a72 (200 iterations, cycles each) and
// by what must hold. Left out are blocks where the table knowingly departs from LLVM's Cortex-A57
// model: 64-bit multiplies (OSACA: one in 3 cycles, LLVM one a cycle), divides, FP latency (OSACA),
// and where llvm-mca delays the written-back base of a store until the store is done (a function
// prologue: 8.9 cycles there, 4 here).
#include "sim/cost/core_model.h"

#include <catch2/catch.hpp>

using namespace uprobesim;

namespace {

std::unique_ptr<BlockModel> core(std::string_view name) {
    auto model = load_core_model(name);
    if (!model) FAIL(model.error().line());
    return std::move(*model);
}
std::unique_ptr<BlockModel> a72() {
    return core("cortex-a72");
}

double cycles(const BlockModel& model, const std::vector<std::uint32_t>& words) {
    return static_cast<double>(model.analyse(words).cycles_through.back().value) / 100;
}

}  // namespace

TEST_CASE("common blocks cost about what llvm-mca says", "[sim][cost][core]") {
    const auto model = a72();
    struct Row {
        const char* text;
        std::vector<std::uint32_t> words;
        double mca;
    };
    const std::vector<Row> rows = {
        {"add x0,x1,x2; sub x3,x4,x5; eor x6,x7,x8; and x9,x10,x11",
         {0x8b020020, 0xcb050083, 0xca0800e6, 0x8a0b0149},
         2.02},
        {"add x0,x0,#1; add x0,x0,#1; add x0,x0,#1", {0x91000400, 0x91000400, 0x91000400}, 3.02},
        {"ldr x0,[x1]; add x2,x0,#1; str x2,[x3]", {0xf9400020, 0x91000402, 0xf9000062}, 1.04},
        {"ldr x1,[x1]; cbz x1,.", {0xf9400021, 0xb4000001}, 4.02},
        {"ldp x19,x20,[sp,#16]; ldp x29,x30,[sp],#32; ret",
         {0xa94153f3, 0xa8c27bfd, 0xd65f03c0},
         2.04},
        {"ldrb w2,[x0],#1; ldrb w3,[x1],#1; cmp w2,w3; b.ne .",
         {0x38401402, 0x38401423, 0x6b03005f, 0x54000001},
         2.04},
        {"add x0,x1,x2,lsl #3; ldr x3,[x0]; cmp x3,x4; b.eq .",
         {0x8b020c20, 0xf9400003, 0xeb04007f, 0x54000000},
         1.38},
        {"ubfx x0,x1,#3,#5; lsl x2,x0,#3; orr x3,x3,x2",
         {0xd3431c20, 0xd37df002, 0xaa020063},
         1.52},
        {"add v0.4s,v1.4s,v2.4s; eor v3.16b,v4.16b,v5.16b; cmeq v6.16b,v7.16b,v8.16b",
         {0x4ea28420, 0x6e251c83, 0x6e288ce6},
         1.52},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(cycles(*model, row.words) == Approx(row.mca).epsilon(0.1));
    }
}

// Latency and throughput of the software optimization guides of the two, as LLVM's
// AArch64SchedNeoverseN1.td and V1.td state them.
TEST_CASE("a Neoverse takes the latencies and has the pipes its guide gives it",
          "[sim][cost][core]") {
    struct Row {
        const char* text;
        std::vector<std::uint32_t> words;
        double n1, v1;
    };
    const std::vector<Row> rows = {
        {"add x0,x0,#1", {0x91000400}, 1, 1},
        {"ldr x1,[x1]: load to use", {0xf9400021}, 4, 4},
        {"mul x0,x0,x1", {0x9b017c00}, 4, 2},
        {"mul x2,x3,x4; mul x5,x6,x7", {0x9b047c62, 0x9b077cc5}, 6, 1},
        {"add v0.4s,v0.4s,v1.4s", {0x4ea18400}, 2, 2},
        {"stp x0,x1,[x2]", {0xa9000440}, 1, 0.5},
        {"ldr x0,[x9]; ldr x1,[x9,#8]; ldr x2,[x9,#16]; ldr x3,[x9,#24]; ldr x4,[x9,#32]; ldr "
         "x5,[x9,#40]",
         {0xf9400120, 0xf9400521, 0xf9400922, 0xf9400d23, 0xf9401124, 0xf9401525},
         3,
         2},
        {"eor x0,x8,x9; eor x1,x8,x9; eor x2,x8,x9; eor x3,x8,x9; eor x4,x8,x9; eor x5,x8,x9",
         {0xca090100, 0xca090101, 0xca090102, 0xca090103, 0xca090104, 0xca090105},
         2,
         1.5},
    };
    const auto n1 = core("neoverse-n1");
    const auto v1 = core("neoverse-v1");
    for (const Row& row : rows) {
        INFO(row.text);
        CHECK(cycles(*n1, row.words) == Approx(row.n1).epsilon(0.01));
        CHECK(cycles(*v1, row.words) == Approx(row.v1).epsilon(0.01));
    }
}

TEST_CASE("cycles never fall from one instruction to the next, and every instruction has a class",
          "[sim][cost][core]") {
    const auto model = a72();
    std::uint32_t word = 7;
    for (int block = 0; block < 200; ++block) {
        std::vector<std::uint32_t> words;
        for (int i = 0; i < 40; ++i) {
            word = word * 1664525u + 1013904223u;
            words.push_back(word);
        }
        const BlockInfo info = model->analyse(words);
        REQUIRE(info.classes.size() == words.size());
        REQUIRE(info.cycles_through.size() == words.size());
        for (std::size_t i = 1; i < words.size(); ++i)
            CHECK(info.cycles_through[i - 1] <= info.cycles_through[i]);
        CHECK(info.cycles_through.front() > CentiCycles(0));
    }
}

TEST_CASE("three instructions a cycle is the limit", "[sim][cost][core]") {
    CHECK(cycles(*a72(),
                 {0xd503201f, 0xd503201f, 0xd503201f, 0xd503201f, 0xd503201f, 0xd503201f}) == 2);
}

TEST_CASE("an empty block costs nothing", "[sim][cost][core]") {
    const BlockInfo info = a72()->analyse({});
    CHECK(info.classes.empty());
    CHECK(info.cycles_through.empty());
    CHECK_FALSE(info.has_exclusive);
}

TEST_CASE("a block with an exclusive says so", "[sim][cost][core]") {
    CHECK(a72()->analyse(std::vector<std::uint32_t>{0xc85f7c20}).has_exclusive);  // ldxr x0, [x1]
    CHECK_FALSE(a72()->analyse(std::vector<std::uint32_t>{0xf9400020}).has_exclusive);
}

TEST_CASE("an unknown core says which there are", "[sim][cost][core]") {
    const auto model = load_core_model("cortex-a99");
    REQUIRE_FALSE(model.has_value());
    CHECK(model.error().hint.find("cortex-a72") != std::string::npos);
}
