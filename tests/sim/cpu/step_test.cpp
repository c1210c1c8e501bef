// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/sim/cpu/cpu_fixture.h"

using namespace uprobesim;
using namespace uprobesim::a64;

namespace {
const VAddr kSlots(0x7fff000000);
const VAddr kSlot1 = kSlots + 4;
}  // namespace

TEST_CASE_METHOD(CpuFixture, "a step executes the word it is given, once", "[cpu][step]") {
    map(kSlots, kReadExec);
    x(0, 0);
    for (unsigned i = 1; i <= 20; ++i) {
        const Stop stop = step_at(kSlot1, add_imm(0, 0, i));
        REQUIRE(stopped_by<StepDone>(stop));
        CHECK(stop.pc == kSlot1 + 4);
        CHECK(stop.retired == InsnCount(1));
    }
    CHECK(x(0) == 210);
    CHECK(cpu->work(task).insns == InsnCount(20));
    CHECK(cpu->work(task).cycles == CentiCycles(2000));
    CHECK(cpu->work(task).by_class[0] == 20);
}

TEST_CASE_METHOD(CpuFixture, "a stepped branch stops at its target before executing it",
                 "[cpu][step]") {
    map(kSlots, kReadExec);
    x(0, 0);
    x(1, kCode.value);
    put(code, 0, {add_imm(0, 0, 1), svc(0)});
    Stop stop = step_at(kSlot1, br(1));
    REQUIRE(stopped_by<StepDone>(stop));
    CHECK(stop.pc == kCode);
    CHECK(x(0) == 0);
    stop = step_at(kSlot1, b(0x40));
    REQUIRE(stopped_by<StepDone>(stop));
    CHECK(stop.pc == kSlot1 + 0x40);
    stop = step_at(kSlot1, b(0));
    REQUIRE(stopped_by<StepDone>(stop));
    CHECK(stop.pc == kSlot1);
    CHECK(stop.retired == InsnCount(1));
}

TEST_CASE_METHOD(CpuFixture,
                 "a stepped access that faults stops on the slot and can be stepped again",
                 "[cpu][step]") {
    map(kSlots, kReadExec);
    x(1, 5);
    x(2, kData.value);
    Stop stop = step_at(kSlot1, str(1, 2));
    REQUIRE(stopped_by<Abort>(stop));
    CHECK(std::get<Abort>(stop.why).address == kData);
    CHECK(stop.pc == kSlot1);
    CHECK(stop.retired == InsnCount(0));
    const PAddr data = map(kData, kReadWrite);
    stop = step_at(kSlot1, str(1, 2));
    REQUIRE(stopped_by<StepDone>(stop));
    CHECK(word64(data, 0) == 5);
}

TEST_CASE_METHOD(CpuFixture, "a slot page that is not mapped aborts as a fetch does",
                 "[cpu][step]") {
    const Stop stop = step_at(kSlot1, kNop);
    REQUIRE(stopped_by<Abort>(stop));
    CHECK(std::get<Abort>(stop.why).access == Access::Execute);
    CHECK(std::get<Abort>(stop.why).address == kSlot1);
}

TEST_CASE_METHOD(CpuFixture,
                 "undefined words and exception instructions report themselves from the slot",
                 "[cpu][step]") {
    map(kSlots, kReadExec);
    Stop stop = step_at(kSlot1, 0);
    REQUIRE(stopped_by<Undefined>(stop));
    CHECK(stop.pc == kSlot1);
    stop = step_at(kSlot1, svc(9));
    REQUIRE(stopped_by<Svc>(stop));
    CHECK(std::get<Svc>(stop.why).imm == 9);
    stop = step_at(kSlot1, brk(77));
    REQUIRE(stopped_by<Brk>(stop));
    CHECK(std::get<Brk>(stop.why).imm == 77);
    CHECK(stop.pc == kSlot1);
}

TEST_CASE_METHOD(CpuFixture, "the last slot of the page is stepped like any other", "[cpu][step]") {
    map(kSlots, kReadExec);
    x(0, 0);
    SECTION("with nothing after the page") {}
    SECTION("with code after the page") {
        put(map(kSlots + kPageSize, kReadExec), 0, {add_imm(0, 0, 100), svc(0)});
    }
    const Stop stop = step_at(kSlots + 0xffc, add_imm(0, 0, 1));
    REQUIRE(stopped_by<StepDone>(stop));
    CHECK(stop.pc == kSlots + kPageSize);
    CHECK(stop.retired == InsnCount(1));
    CHECK(x(0) == 1);
}

TEST_CASE_METHOD(CpuFixture, "the page's own words are back when the program runs there",
                 "[cpu][step]") {
    const PAddr slots = map(kSlots, kReadExec);
    put(slots, 0, {brk(5)});
    put(slots, 0x20, {add_imm(0, 0, 7), svc(2)});
    x(0, 0);
    REQUIRE(stopped_by<StepDone>(step_at(kSlot1, add_imm(0, 0, 1))));
    Stop stop = run_from(kSlots + 0x20);
    REQUIRE(stopped_by<Svc>(stop));
    CHECK(stop.retired == InsnCount(2));
    CHECK(x(0) == 8);
    REQUIRE(stopped_by<StepDone>(step_at(kSlot1, add_imm(0, 0, 1))));
    stop = run_from(kSlots);
    REQUIRE(stopped_by<Brk>(stop));
    CHECK(std::get<Brk>(stop.why).imm == 5);
    CHECK(space.lookup(kSlots)->frame == slots);
}

TEST_CASE_METHOD(CpuFixture,
                 "a literal load in a slot is relative to the slot, not to the original address",
                 "[cpu][step]") {
    const PAddr slots = map(kSlots, kReadExec);
    put(slots, 4 + 16, {0x11223344, 0x55667788});
    REQUIRE(stopped_by<StepDone>(step_at(kSlot1, ldr_d_literal(0, 16))));
    CHECK(cpu->read_fp(task).v[0][0] == 0x5566778811223344u);
}

TEST_CASE_METHOD(CpuFixture,
                 "more distinct stepped instructions than there are step pages still step right",
                 "[cpu][step]") {
    map(kSlots, kReadExec);
    x(0, 0);
    std::uint64_t sum = 0;
    for (int round = 0; round < 2; ++round) {
        for (unsigned i = 0; i < 600; ++i) {
            REQUIRE(stopped_by<StepDone>(step_at(kSlot1, add_imm(0, 0, i))));
            sum += i;
        }
    }
    CHECK(x(0) == sum);
}

TEST_CASE_METHOD(CpuFixture, "running where an instruction was stepped runs the page's own words",
                 "[cpu][step]") {
    const PAddr slots = map(kSlots, kReadExec);
    for (std::uint64_t at = 0; at < kPageSize; at += 8) put(slots, at, {add_imm(1, 1, 1), svc(3)});
    // Wherever the stepped words are kept, one of these is at the same place.
    for (unsigned i = 1; i <= 40; ++i) {
        x(0, 0);
        x(1, 0);
        REQUIRE(stopped_by<StepDone>(step_at(kSlot1, add_imm(0, 0, i))));
        REQUIRE(stopped_by<Svc>(run_from(kSlots + 8ul * (i + 60))));
        x(1, 0);
        const Stop stop = run_from(kSlots + 8ul * i);
        REQUIRE(stopped_by<Svc>(stop));
        CHECK(std::get<Svc>(stop.why).imm == 3);
        CHECK(stop.retired == InsnCount(2));
        CHECK(x(0) == i);
        CHECK(x(1) == 1);
        // At the slot itself, too.
        REQUIRE(stopped_by<StepDone>(step_at(kSlot1, add_imm(0, 0, i))));
        REQUIRE(stopped_by<Svc>(run_from(kSlot1)));
        CHECK(x(0) == 2ul * i);
    }
    // And what is stepped after that is not the breakpoint that was there before.
    for (unsigned i = 100; i < 200; ++i) {
        x(0, 0);
        REQUIRE(stopped_by<StepDone>(step_at(kSlot1, add_imm(0, 0, i))));
        CHECK(x(0) == i);
    }
}

TEST_CASE_METHOD(CpuFixture, "a run that jumps into the slot page runs its own words",
                 "[cpu][step]") {
    const PAddr slots = map(kSlots, kReadExec);
    put(slots, 0x808, {add_imm(0, 0, 7), kRet});
    put(code, 0, {blr(2), add_imm(0, 0, 1), svc(1)});
    for (int round = 0; round < 3; ++round) {
        x(0, 0);
        x(2, kSlots.value + 0x808);
        REQUIRE(stopped_by<StepDone>(step_at(kSlot1, add_imm(0, 0, 100))));
        const Stop stop = run_from(kCode);
        REQUIRE(stopped_by<Svc>(stop));
        CHECK(stop.retired == InsnCount(5));
        CHECK(x(0) == 108);
    }
}

TEST_CASE_METHOD(
    CpuFixture,
    "the breakpoint at the slot page's start is hit between steps, with the page's own number",
    "[cpu][step]") {
    const PAddr slots = map(kSlots, kReadExec);
    put(slots, 0, {brk(5)});
    put(code, 0, {br(2)});
    for (int round = 0; round < 5; ++round) {
        REQUIRE(stopped_by<StepDone>(step_at(kSlot1, add_imm(0, 0, 1))));
        x(2, kSlots.value);
        const Stop stop = run_from(kCode);
        REQUIRE(stopped_by<Brk>(stop));
        CHECK(std::get<Brk>(stop.why).imm == 5);
        CHECK(stop.pc == kSlots);
        CHECK(stop.retired == InsnCount(2));
    }
    // A new word there is seen, too.
    put(slots, 0, {svc(6)});
    REQUIRE(stopped_by<Svc>(run_from(kSlots)));
}

TEST_CASE_METHOD(CpuFixture,
                 "instructions that know where they stand are stepped at the slot's address",
                 "[cpu][step]") {
    map(kSlots, kReadExec);
    for (const std::uint64_t at : {0x4u, 0x40u, 0xff8u}) {
        const VAddr slot = kSlots + at;
        REQUIRE(stopped_by<StepDone>(step_at(slot, add_imm(0, 0, 1))));
        REQUIRE(stopped_by<StepDone>(step_at(slot, 0x10000100)));  // adr x0, .+32
        CHECK(x(0) == slot.value + 32);
        REQUIRE(stopped_by<StepDone>(step_at(slot, 0xb0000000)));  // adrp x0, .+4096
        CHECK(x(0) == kSlots.value + kPageSize);
        x(2, kCode.value);
        Stop stop = step_at(slot, blr(2));
        REQUIRE(stopped_by<StepDone>(stop));
        CHECK(stop.pc == kCode);
        CHECK(x(30) == slot.value + 4);
        x(3, 1);
        stop = step_at(slot, cbnz(3, -64));
        CHECK(stop.pc == slot - 64);
        x(3, 0);
        stop = step_at(slot, cbnz(3, -64));
        CHECK(stop.pc == slot + 4);
        CHECK(stop.retired == InsnCount(1));
    }
}

TEST_CASE_METHOD(CpuFixture, "system instructions and barriers are stepped like any other",
                 "[cpu][step]") {
    map(kSlots, kReadExec);
    cpu->write(task, Reg::Tpidr, 0x1234);
    for (const std::uint32_t word :
         {0xd53bd040u /* mrs x0, tpidr_el0 */, 0xd5033fdfu /* isb */, 0xd5033f9fu /* dsb sy */,
          0xd503305fu /* clrex */, 0xd503203fu /* yield */, 0xd503205fu /* wfe */,
          0xd503207fu /* wfi */, kNop}) {
        const Stop stop = step_at(kSlot1, word);
        REQUIRE(stopped_by<StepDone>(stop));
        CHECK(stop.pc == kSlot1 + 4);
        CHECK(stop.retired == InsnCount(1));
    }
    CHECK(x(0) == 0x1234);
    const Stop stop = step_at(kSlot1, 0xd53be040);  // mrs x0, cntvct_el0
    REQUIRE(stopped_by<Undefined>(stop));
    CHECK(std::get<Undefined>(stop.why).word == 0xd53be040);
    CHECK(stop.pc == kSlot1);
}

TEST_CASE_METHOD(CpuFixture, "slot pages of two address spaces are stepped in turn",
                 "[cpu][step]") {
    AddressSpace other(memory, *cpu);
    map(kSlots, kReadExec);
    put(map(other, kSlots, kReadExec), 0x10, {add_imm(1, 1, 5), svc(0)});
    const ContextId second = cpu->create_context();
    for (unsigned i = 1; i <= 5; ++i) {
        REQUIRE(stopped_by<StepDone>(step_at(kSlot1, add_imm(0, 0, 1))));
        cpu->write(second, Reg::Pc, kSlot1.value);
        REQUIRE(stopped_by<StepDone>(cpu->step(second, other, add_imm(0, 0, 2))));
        cpu->write(second, Reg::Pc, kSlots.value + 0x10);
        REQUIRE(stopped_by<Svc>(cpu->run(second, other, kForever)));
        CHECK(x(0) == i);
        CHECK(cpu->read(second, xreg(0)) == 2ul * i);
        CHECK(cpu->read(second, xreg(1)) == 5ul * i);
    }
}

TEST_CASE_METHOD(CpuFixture,
                 "a slot page that is mapped anew, or loses its rights, is stepped as it is now",
                 "[cpu][step]") {
    map(kSlots, kReadExec);
    REQUIRE(stopped_by<StepDone>(step_at(kSlot1, add_imm(0, 0, 1))));
    space.protect(kSlots, kRead);
    REQUIRE(stopped_by<Abort>(step_at(kSlot1, add_imm(0, 0, 1))));
    space.unmap(kSlots);
    REQUIRE(stopped_by<Abort>(step_at(kSlot1, add_imm(0, 0, 1))));
    put(map(kSlots, kReadExec), 8, {add_imm(0, 0, 30), svc(0)});
    REQUIRE(stopped_by<StepDone>(step_at(kSlot1, add_imm(0, 0, 1))));
    REQUIRE(stopped_by<Svc>(run_from(kSlots + 8)));
    CHECK(x(0) == 32);
}
