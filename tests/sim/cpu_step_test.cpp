// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/sim/cpu_fixture.h"

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

TEST_CASE_METHOD(CpuFixture, "a stepped branch stops at its target before executing it", "[cpu][step]") {
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

TEST_CASE_METHOD(CpuFixture, "a stepped access that faults stops on the slot and can be stepped again", "[cpu][step]") {
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

TEST_CASE_METHOD(CpuFixture, "a slot page that is not mapped aborts as a fetch does", "[cpu][step]") {
    const Stop stop = step_at(kSlot1, kNop);
    REQUIRE(stopped_by<Abort>(stop));
    CHECK(std::get<Abort>(stop.why).access == Access::Execute);
    CHECK(std::get<Abort>(stop.why).address == kSlot1);
}

TEST_CASE_METHOD(CpuFixture, "undefined words and exception instructions report themselves from the slot",
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
    SECTION("with nothing behind the page") {}
    SECTION("with code behind the page") {
        put(map(kSlots + kPageSize, kReadExec), 0, {add_imm(0, 0, 100), svc(0)});
    }
    const Stop stop = step_at(kSlots + 0xffc, add_imm(0, 0, 1));
    REQUIRE(stopped_by<StepDone>(stop));
    CHECK(stop.pc == kSlots + kPageSize);
    CHECK(stop.retired == InsnCount(1));
    CHECK(x(0) == 1);
}

TEST_CASE_METHOD(CpuFixture, "the page's own words are back when the program runs there", "[cpu][step]") {
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

TEST_CASE_METHOD(CpuFixture, "a literal load in a slot reads beside the slot, not beside the original", "[cpu][step]") {
    const PAddr slots = map(kSlots, kReadExec);
    put(slots, 4 + 16, {0x11223344, 0x55667788});
    REQUIRE(stopped_by<StepDone>(step_at(kSlot1, ldr_d_literal(0, 16))));
    CHECK(cpu->read_fp(task).v[0][0] == 0x5566778811223344u);
}

TEST_CASE_METHOD(CpuFixture, "more distinct stepped instructions than there are step pages still step right",
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
