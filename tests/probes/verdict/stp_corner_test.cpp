// SPDX-License-Identifier: GPL-2.0-or-later
// Where the emulated STP differs from hardware, as the two posted patches do.
#include <catch2/catch.hpp>

#include "kernel_model/memory/user_memory.h"
#include "probes/verdict/emulate.h"
#include "tests/kernel_model/memory/memory_support.h"

using namespace uprobesim;

namespace {

constexpr std::uint32_t stp(int offset) {
    return 0xa9807bfdu | (static_cast<std::uint32_t>(offset / 8) & 0x7f) << 15;
}

struct Push {
    static constexpr TaskId kTask{1000};
    static constexpr VAddr kPc{0x400000};
    std::unique_ptr<Machine> machine = test::make_machine();
    Mm mm{*machine};
    Cpu& cpu = *machine->cpu;
    ContextId context = cpu.create_context();
    VAddr base;  // of four pages

    explicit Push(Prot prot = {true, true, false}) {
        const auto at = mm.map({.length = 4 * kPageSize, .prot = prot});
        REQUIRE(at);
        base = *at;
        cpu.write(context, Reg::X29, 0x2929);
        cpu.write(context, Reg::X30, 0x3030);
    }
    StpOutcome pin(std::uint64_t sp, int offset) {
        cpu.write(context, Reg::Sp, sp);
        cpu.write(context, Reg::Pc, kPc.value);
        return emulate_stp_pin(stp(offset), kPc, cpu, context, mm, kTask);
    }
    StpOutcome copy(std::uint64_t sp, int offset) {
        cpu.write(context, Reg::Sp, sp);
        cpu.write(context, Reg::Pc, kPc.value);
        return emulate_stp_copy(stp(offset), kPc, cpu, context, mm, kTask);
    }
    std::uint64_t sp() { return cpu.read(context, Reg::Sp); }
    std::uint64_t pc() { return cpu.read(context, Reg::Pc); }
    std::uint64_t word(std::uint64_t at) {
        return UserMemory(mm, kTask).get<std::uint64_t>(VAddr(at)).value();
    }
};

}  // namespace

TEST_CASE("pin and map checks the new sp, and moves sp and pc even when it faults", "[stp]") {
    Push p;
    const std::uint64_t old = p.base.value + 0x800;
    CHECK(p.pin(old, -8).faulted);  // hardware would push: the old sp is aligned
    CHECK(p.sp() == old - 8);
    CHECK(p.pc() == Push::kPc.value + 4);
    CHECK_FALSE(p.pin(old + 8, -8).faulted);  // hardware would raise SIGBUS: the old sp is not
    CHECK(p.word(old) == 0x2929);
    CHECK(p.word(old + 8) == 0x3030);
}

TEST_CASE("pin and map counts the pages from the new to the old sp", "[stp]") {
    Push p;
    const std::uint64_t boundary = p.base.value + kPageSize;
    CHECK(p.pin(boundary + 0x100, -16).pages == 1);
    CHECK(p.pin(boundary, -16).pages == 2);  // nothing is written to the old sp's page
    CHECK(p.word(boundary - 16) == 0x2929);
    CHECK(p.pin(boundary + 0x80, -256).pages == 2);
    CHECK(p.pin(boundary - 0x10, 0x20).faulted);  // upwards into a later page: no pages, a failure
    CHECK_FALSE(p.pin(boundary + 0x10, 0x20).faulted);  // upwards in the same page
}

TEST_CASE("pin and map does not grow the stack; copy_to_user does", "[stp]") {
    Push p;
    const auto stack = p.mm.map({.hint = VAddr(0x6000000000),
                                 .length = 2 * kPageSize,
                                 .prot = {true, true, false},
                                 .fixed = true,
                                 .grows_down = true,
                                 .name = "[stack]"});
    REQUIRE(stack);
    CHECK(p.pin(stack->value, -16).faulted);
    CHECK(p.sp() == stack->value - 16);
    CHECK_FALSE(p.copy(stack->value, -16).faulted);
    CHECK(p.word(stack->value - 16) == 0x2929);
}

TEST_CASE("pin and map writes through a read-only private mapping; copy_to_user does not",
          "[stp]") {
    Push p({true, false, false});
    const std::uint64_t old = p.base.value + 0x800;
    CHECK_FALSE(p.pin(old, -16).faulted);
    CHECK(p.word(old - 16) == 0x2929);
    CHECK(p.word(old - 8) == 0x3030);
    CHECK_FALSE(p.mm.space().lookup(p.base)->prot.write);
    CHECK(p.copy(old, -32).faulted);
    CHECK(p.sp() == old);
    CHECK(p.pc() == Push::kPc.value);
}

TEST_CASE("copy_to_user that fails leaves sp and pc", "[stp]") {
    Push p;
    CHECK(p.copy(0x1000, -16).faulted);
    CHECK(p.sp() == 0x1000);
    CHECK(p.pc() == Push::kPc.value);
    CHECK(p.pin(0x1000, -16).faulted);
    CHECK(p.sp() == 0x1000 - 16);
}

TEST_CASE("a push to a page that is not there fails, wherever the old sp is", "[stp]") {
    Push p;
    // Nothing is mapped below: Push maps top-down, so what lies under `base` is free.
    const std::uint64_t old = p.base.value + 0x40;
    REQUIRE(p.mm.find(p.base - 8) == nullptr);
    const auto outcome = p.pin(old, -128);
    CHECK(outcome.faulted);
    CHECK(outcome.pages == 2);
    CHECK(p.sp() == old - 128);
    CHECK(p.pc() == Push::kPc.value + 4);
    CHECK(p.copy(old, -128).faulted);
    CHECK(p.sp() == old);
    CHECK(p.pc() == Push::kPc.value);
    // The page of the old sp alone is wanted but not written: pinning fails without it, copying
    // does not care.
    REQUIRE(p.mm.unmap({p.base + kPageSize, p.base + 2 * kPageSize}));
    CHECK(p.pin(p.base.value + kPageSize, -16).faulted);
    CHECK_FALSE(p.copy(p.base.value + kPageSize, -16).faulted);
    CHECK(p.word(p.base.value + kPageSize - 16) == 0x2929);
}

TEST_CASE("a forced write copies a private file page and never touches a shared one", "[stp]") {
    Push p;
    const auto file = std::make_shared<test::PageFile>(p.machine->memory, kPageSize);
    constexpr Prot kReadOnly{true, false, false};
    const auto own = p.mm.map({.length = kPageSize, .prot = kReadOnly, .file = file});
    const auto shared = p.mm.map(
        {.length = kPageSize, .prot = kReadOnly, .shared = true, .may_write = false, .file = file});
    REQUIRE(own);
    REQUIRE(shared);
    const std::uint64_t before = p.word(shared->value + 0x7f0);
    CHECK(p.word(own->value + 0x7f0) == before);
    CHECK_FALSE(p.pin(own->value + 0x800, -16).faulted);
    CHECK(p.word(own->value + 0x7f0) == 0x2929);
    CHECK(p.word(shared->value + 0x7f0) == before);
    CHECK(p.pin(shared->value + 0x800, -16).faulted);
    CHECK(p.word(shared->value + 0x7f0) == before);
    CHECK(file->dirty.empty());
}

TEST_CASE(
    "every offset from an aligned sp: the odd multiples of 8 fault, the others write their page or "
    "two",
    "[stp]") {
    for (int offset = -512; offset <= 504; offset += 8) {
        Push p;
        const std::uint64_t old = p.base.value + 2 * kPageSize + 0x100;
        INFO("offset " << offset);
        const StpOutcome outcome = p.pin(old, offset);
        CHECK(outcome.faulted == (offset % 16 != 0));
        CHECK(p.sp() == old + static_cast<std::uint64_t>(offset));
        if (outcome.faulted) continue;
        CHECK(outcome.pages == (offset < -0x100 ? 2u : 1u));
        CHECK(p.word(p.sp()) == 0x2929);
        CHECK(p.word(p.sp() + 8) == 0x3030);
    }
}
