// SPDX-License-Identifier: GPL-2.0-or-later
// Programs of BPF objects, priced, compared with what real kernels executed of the very same
// instructions: Debian 6.12.117 and 6.1.192 (arm64) under QEMU TCG, JIT on, over an empty program.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "probes/handlers/bpf_handler.h"
#include "sim/profile/kernel_profile.h"
#include "tests/probes/bpf/bpf_assembler.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

KernelProfile kernel(const char* name) {
    auto profile = load_kernel_profile(name, {});
    REQUIRE(profile);
    return std::move(*profile);
}

double price(const KernelProfile& kernel, const ProbeHandler& handler, std::uint64_t frames) {
    double insns = 0;
    for (const PathUse& use : uses_of(handler.parts, frames)) {
        const PathCost& cost = kernel.paths[static_cast<std::size_t>(use.path)];
        insns += cost.insns + cost.insns_per_unit * static_cast<double>(use.units);
    }
    return insns;
}

ProbeHandler handler_of(const BpfElf& elf) {
    const auto read = bpf_programs(elf.bytes(), "test.bpf.o");
    if (!read) FAIL(read.error().line());
    REQUIRE(read->programs.size() == 1);
    return *read->programs.front().handler;
}

// What each repeated instruction stands in.
BpfAsm repeated(int count, const std::function<void(BpfAsm&)>& one) {
    BpfAsm code;
    code.mov_reg(9, 1).load(6, 1, 0).mov(7, 3).store_imm(10, -8, 0).mov(8, 0);
    for (int i = 0; i < count; ++i) one(code);
    return code.finish();
}

// The value that a lookup finds, or 1, one more, put back.
BpfAsm& lookup_and_update(BpfAsm& code, int key) {
    code.key(key).map(1, 0).helper(kLookup).mov(1, 1).jump_equal(0, 0, 2).load(1, 0, 0).add(1, 1);
    return code.store(10, -8, 1).key(key).mov_reg(3, 10).add(3, -8).mov(4, 0).map(1, 0).helper(
        kUpdate);
}

struct Measured {
    const char* what;
    double v612, v61;
};

void check(const Measured& row, const BpfElf& elf, double insns_off, std::uint64_t frames = 8) {
    static const KernelProfile v612 = kernel("v6.12"), v61 = kernel("v6.1");
    const ProbeHandler handler = handler_of(elf);
    const double on_v612 = price(v612, handler, frames), on_v61 = price(v61, handler, frames);
    INFO(row.what << ": " << on_v612 << " and " << on_v61 << ", measured " << row.v612 << " and "
                  << row.v61);
    CHECK(std::abs(on_v612 - row.v612) <= insns_off);
    CHECK(std::abs(on_v61 - row.v61) <= insns_off);
}

BpfElf object(BpfAsm code, std::vector<BpfElf::Map> maps = {}) {
    return {{{"uprobe", "program", std::move(code)}}, std::move(maps)};
}

}  // namespace

TEST_CASE("an instruction of a BPF program costs what arm64's JIT makes of it", "[handlers][bpf]") {
    struct Row {
        Measured measured;
        int count;
        std::function<void(BpfAsm&)> one;
    };
    const Row rows[] = {
        {{"frame", 15, 6}, 0, [](BpfAsm&) {}},
        {{"mov imm", 115, 106}, 100, [](BpfAsm& c) { c.mov(1, 7); }},
        {{"mov reg", 115, 106}, 100, [](BpfAsm& c) { c.mov_reg(1, 6); }},
        {{"add imm", 115, 106}, 100, [](BpfAsm& c) { c.add(6, 1); }},
        {{"add imm of 17 bits", 45, 36}, 10, [](BpfAsm& c) { c.add(6, 0x12345); }},
        {{"add reg", 115, 106}, 100, [](BpfAsm& c) { c.alu_reg(0, 6, 7); }},
        {{"and imm", 115, 106}, 100, [](BpfAsm& c) { c.alu(kAnd, 6, 0xff); }},
        {{"lsh imm", 115, 106}, 100, [](BpfAsm& c) { c.alu(kLsh, 6, 1); }},
        {{"mul reg", 115, 106}, 100, [](BpfAsm& c) { c.alu_reg(kMul, 6, 7); }},
        {{"mul imm", 215, 206}, 100, [](BpfAsm& c) { c.alu(kMul, 6, 10); }},
        {{"div imm", 215, 206}, 100, [](BpfAsm& c) { c.alu(kDiv, 6, 10); }},
        {{"mod imm", 315, 306}, 100, [](BpfAsm& c) { c.alu(kMod, 6, 10); }},
        {{"add32 imm", 25, 16}, 10, [](BpfAsm& c) { c.emit(0x04, 6, 0, 0, 1); }},
        {{"neg", 115, 106}, 100, [](BpfAsm& c) { c.alu(kNeg, 6, 0); }},
        {{"bswap64", 115, 106}, 100, [](BpfAsm& c) { c.emit(0xdc, 6, 0, 0, 64); }},
        {{"ldx of the stack", 115, 106}, 100, [](BpfAsm& c) { c.load(8, 10, -8); }},
        {{"ldx of the context", 115, 106}, 100, [](BpfAsm& c) { c.load(8, 9, 8); }},
        {{"stx", 115, 106}, 100, [](BpfAsm& c) { c.store(10, -8, 6); }},
        {{"st", 35, 26}, 10, [](BpfAsm& c) { c.store_imm(10, -8, 1); }},
        {{"small constant", 115, 106}, 100, [](BpfAsm& c) { c.constant(8, 7); }},
        {{"constant of 4 parts", 415, 406},
         100,
         [](BpfAsm& c) { c.constant(8, 0x1122334455667788); }},
    };
    for (const Row& row : rows) check(row.measured, object(repeated(row.count, row.one)), 0);
    // With the verifier's test of the divisor.
    check({"div reg", 315, 306}, object(repeated(100, [](BpfAsm& c) { c.alu_reg(kDiv, 6, 7); })),
          0);
}

TEST_CASE("the frame of a BPF program costs by the registers that it saves", "[handlers][bpf]") {
    const Measured rows[5][2] = {{{"0 saved", 0, 0}, {"0 saved, stack", 7, 2}},
                                 {{"1 saved", 3, 1}, {"1 saved, stack", 8, 3}},
                                 {{"2 saved", 4, 2}, {"2 saved, stack", 11, 4}},
                                 {{"3 saved", 7, 3}, {"3 saved, stack", 12, 5}},
                                 {{"4 saved", 8, 4}, {"4 saved, stack", 15, 6}}};
    for (int saved = 0; saved <= 4; ++saved) {
        for (const bool stack : {false, true}) {
            BpfAsm code;
            for (int i = 0; i < saved; ++i) code.mov(6 + i, i + 1);
            if (stack) code.store_imm(10, -8, 0);
            check(rows[saved][stack ? 1 : 0], object(code.finish()), 0);
        }
    }
}

TEST_CASE("map operations of a BPF program cost what real kernels executed", "[handlers][bpf]") {
    const auto lookup = [](int bytes) {
        BpfAsm code;
        if (bytes == 4) code.store_imm(10, -64, 0x77, kWord);
        for (int i = 0; bytes >= 8 && i < bytes; i += 8) code.store_imm(10, -64 + i, 0x77);
        return code.key(-64).map(1, 0).helper(kLookup).finish();
    };
    const auto update = [](int bytes, int flags) {
        BpfAsm code;
        for (int i = 0; i < bytes; i += 8) code.store_imm(10, -64 + i, 0x77);
        return code.store_imm(10, -72, 7)
            .key(-64)
            .mov_reg(3, 10)
            .add(3, -72)
            .mov(4, flags)
            .map(1, 0)
            .helper(kUpdate)
            .finish();
    };
    // A map's address takes two or three instructions.
    check({"array lookup", 18, 15}, object(lookup(4), {{kArray, 4, 8}}), 1);
    check({"percpu array lookup", 22, 28}, object(lookup(4), {{kPercpuArray, 4, 8}}), 1);
    check({"hash lookup, key 4", 133, 138}, object(lookup(4), {{kHash, 4, 8}}), 11);
    check({"hash lookup, key 8", 134, 149}, object(lookup(8), {{kHash, 8, 8}}), 1);
    check({"hash lookup, key 16", 164, 169}, object(lookup(16), {{kHash, 16, 8}}), 8);
    check({"hash lookup, key 64", 312, 317}, object(lookup(64), {{kHash, 64, 8}}), 1);
    check({"hash update, key 8", 386, 421}, object(update(8, 0), {{kHash, 8, 8}}), 1);
    check({"hash update, key 64", 567, 592}, object(update(64, 0), {{kHash, 64, 8}}), 1);
    check({"percpu hash update", 296, 302}, object(update(8, 0), {{kPercpuHash, 8, 8}}), 1);
    BpfAsm add;
    add.store_imm(10, -4, 1, kWord).key(-4).map(1, 0).helper(kLookup);
    add.jump_equal(0, 0, 2).mov(1, 1).atomic_add(0, 0, 1).finish();
    check({"array lookup, atomic add", 25, 22}, object(add, {{kArray, 4, 8}}), 1);
}

TEST_CASE("functions, tail calls and records of a BPF program cost what real kernels executed",
          "[handlers][bpf]") {
    BpfAsm calls;
    for (int i = 0; i < 10; ++i) calls.call("constant");
    BpfAsm constant;
    constant.mov(0, 1).exit();
    BpfElf functions = object(calls.finish());
    functions.programs.push_back({".text", "constant", constant});
    check({"10 functions", 140, 270}, functions, 0);

    constexpr int kTailCall = 12, kReserve = 131, kSubmit = 132, kPerfOutput = 25;
    BpfAsm tail;
    tail.map(2, 0).mov(3, 0).helper(kTailCall).finish();
    check({"tail call", 24, 25}, object(tail, {{3, 4, 4}}), 2);

    for (const int flags : {0, 1}) {
        BpfAsm ring;
        ring.map(1, 0).mov(2, 64).mov(3, 0).helper(kReserve).jump_equal(0, 0, 4);
        ring.store_imm(0, 0, 1).mov_reg(1, 0).mov(2, flags).helper(kSubmit).finish();
        const Measured awake{"ringbuf, the reader awake", 153, 169},
            asleep{"ringbuf, the reader asleep", 1636, 1710};
        check(flags == 0 ? asleep : awake, object(ring, {{kRingbufMap, 0, 0}}), 1);
    }
    // bpftrace's printf of a number, whose reader sleeps in poll.
    BpfAsm print;
    print.mov_reg(9, 1).load(7, 1, 0).store_imm(10, -16, 0).store(10, -8, 7).mov_reg(1, 9);
    print.map(2, 0).constant(3, 0xffffffff).mov_reg(4, 10).add(4, -16).mov(5, 16);
    print.helper(kPerfOutput).finish();
    // bpftrace itself sleeps in epoll: 220 and 260 more.
    check({"printf", 2268 + 220, 2390 + 260}, object(print, {{kPerfEvents, 4, 4}}), 15);
}

TEST_CASE("bpftrace's programs as BPF objects cost what real kernels executed of them",
          "[handlers][bpf]") {
    constexpr int kComm = 16, kStackId = 27, kPidTgid = 14;
    BpfAsm count;
    count.store_imm(10, -16, 0);
    lookup_and_update(count, -16).finish();
    check({"@ = count(), a hash table", 430, 458}, object(count, {{kPercpuHash, 8, 8}}), 6);
    BpfAsm plain;
    plain.store_imm(10, -16, 0, kWord);
    lookup_and_update(plain, -16).finish();
    check({"@ = count(), an array", 106, 125}, object(plain, {{kPercpuArray, 4, 8}}), 3);
    BpfAsm comm;
    comm.store_imm(10, -32, 0).store_imm(10, -24, 0).mov_reg(1, 10).add(1, -32).mov(2, 16);
    comm.helper(kComm);
    lookup_and_update(comm, -32).finish();
    check({"@[comm] = count()", 626, 624}, object(comm, {{kPercpuHash, 16, 8}}), 18);
    BpfAsm stacks;
    stacks.mov_reg(9, 1).map(2, 1).mov(3, 0x100).helper(kStackId).mov_reg(7, 0).helper(kPidTgid);
    stacks.alu(kLsh, 0, 32).alu_reg(kOr, 0, 7).store(10, -32, 0);
    lookup_and_update(stacks, -32).finish();
    const BpfElf elf = object(stacks, {{kPercpuHash, 8, 8}, {kStackTrace, 4, 127 * 8}});
    check({"@[ustack] = count(), 1 frame", 824, 825}, elf, 6, 1);
    check({"@[ustack] = count(), 8 frames", 1540, 1512}, elf, 30, 8);
    check({"@[ustack] = count(), 32 frames", 3934, 3810}, elf, 6, 32);
}
