// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/sim/cpu/cpu_fixture.h"

using namespace uprobesim;
using namespace uprobesim::a64;

TEST_CASE_METHOD(CpuFixture, "an SVC stops after the instruction and counts as executed", "[cpu]") {
    put(code, 0, {add_imm(0, 0, 1), svc(7)});
    const Stop stop = run_from(kCode);
    REQUIRE(stopped_by<Svc>(stop));
    CHECK(std::get<Svc>(stop.why).imm == 7);
    CHECK(stop.pc == kCode + 8);
    CHECK(stop.retired == InsnCount(2));
    CHECK(x(0) == 1);
}

TEST_CASE_METHOD(CpuFixture,
                 "a BRK stops on itself, counts as executed, and what follows it does not",
                 "[cpu]") {
    put(code, 0, {add_imm(0, 0, 1), brk(5), add_imm(0, 0, 1), add_imm(0, 0, 1), svc(0)});
    const Stop stop = run_from(kCode);
    REQUIRE(stopped_by<Brk>(stop));
    CHECK(std::get<Brk>(stop.why).imm == 5);
    CHECK(stop.pc == kCode + 4);
    CHECK(stop.retired == InsnCount(2));
    CHECK(cpu->cycles(task) == CentiCycles(200));
    CHECK(cpu->work(task).by_class[0] == 2);
}

TEST_CASE_METHOD(CpuFixture, "a demand fault is precise, and the instruction is executed again",
                 "[cpu]") {
    put(code, 0, {add_imm(0, 0, 1), ldr(3, 2), add_imm(0, 0, 1), svc(0)});
    x(2, kData.value + 8);
    Stop stop = run_from(kCode);
    REQUIRE(stopped_by<Abort>(stop));
    CHECK(std::get<Abort>(stop.why).address == kData + 8);
    CHECK(std::get<Abort>(stop.why).access == Access::Read);
    CHECK(stop.pc == kCode + 4);
    CHECK(stop.retired == InsnCount(1));
    const PAddr frame = map(kData, kRead);
    put(frame, 8, {0x12345678, 0});
    stop = run();
    REQUIRE(stopped_by<Svc>(stop));
    CHECK(stop.retired == InsnCount(3));
    CHECK(x(3) == 0x12345678);
    CHECK(cpu->insns(task) == InsnCount(4));
}

TEST_CASE_METHOD(CpuFixture,
                 "a store that crosses into a missing page writes nothing before its abort",
                 "[cpu]") {
    const PAddr first = map(kData, kReadWrite);
    put(code, 0, {str(1, 2), svc(0)});
    x(1, ~std::uint64_t{0});
    x(2, kData.value + 0xffc);
    Stop stop = run_from(kCode);
    REQUIRE(stopped_by<Abort>(stop));
    CHECK(std::get<Abort>(stop.why).access == Access::Write);
    CHECK(std::get<Abort>(stop.why).address.page() == kData + kPageSize);
    CHECK(word64(first, 0xff8) == 0);
    const PAddr second = map(kData + kPageSize, kReadWrite);
    REQUIRE(stopped_by<Svc>(run()));
    CHECK(word64(first, 0xff8) == 0xffffffff00000000u);
    CHECK(word64(second, 0) == 0xffffffffu);
}

TEST_CASE_METHOD(CpuFixture, "a page that is remapped, as by copy-on-write, is seen at once",
                 "[cpu]") {
    const PAddr shared = map(kData, kRead);
    put(code, 0, {ldr(3, 2), str(1, 2), ldr(4, 2), svc(0)});
    x(1, 99);
    x(2, kData.value);
    REQUIRE(stopped_by<Abort>(run_from(kCode)));
    memory.add_ref(shared);
    const PAddr copy = map(kData, kReadWrite);
    REQUIRE(stopped_by<Svc>(run()));
    CHECK(x(4) == 99);
    CHECK(word64(copy, 0) == 99);
    CHECK(word64(shared, 0) == 0);
    memory.release(shared);
}

TEST_CASE_METHOD(CpuFixture, "code that lost its execute right no longer runs", "[cpu]") {
    put(code, 0, {add_imm(0, 0, 1), svc(0)});
    REQUIRE(stopped_by<Svc>(run_from(kCode)));
    space.protect(kCode, kRead);
    const Stop stop = run_from(kCode);
    REQUIRE(stopped_by<Abort>(stop));
    CHECK(std::get<Abort>(stop.why).access == Access::Execute);
    CHECK(stop.retired == InsnCount(0));
    CHECK(x(0) == 1);
}

TEST_CASE_METHOD(CpuFixture,
                 "an undefined instruction and a trapped system register hand over their word",
                 "[cpu]") {
    put(code, 0, {add_imm(0, 0, 1), 0x00000000, svc(0)});
    Stop stop = run_from(kCode);
    REQUIRE(stopped_by<Undefined>(stop));
    CHECK(std::get<Undefined>(stop.why).word == 0);
    CHECK(stop.pc == kCode + 4);
    const std::uint32_t mrs_cntvct = 0xd53be040, mrs_midr = 0xd5380000;
    for (const std::uint32_t word : {mrs_cntvct, mrs_midr}) {
        put(code, 0, {word, svc(0)});
        stop = run_from(kCode);
        REQUIRE(stopped_by<Undefined>(stop));
        CHECK(std::get<Undefined>(stop.why).word == word);
        CHECK(stop.retired == InsnCount(1));
    }
}

TEST_CASE_METHOD(CpuFixture, "wild addresses become aborts wherever they point", "[cpu]") {
    put(code, 0, {ldr(3, 2), svc(0)});
    put(code, 0x40, {str(3, 2), svc(0)});
    put(code, 0x80, {br(2), svc(0)});
    for (const std::uint64_t wild : {std::uint64_t{0}, AddressSpace::kTop, AddressSpace::kTop - 8,
                                     std::uint64_t{0xffff000000000000u},
                                     std::uint64_t{0xdeadbeef00000000u}, ~std::uint64_t{7}}) {
        x(2, wild);
        Stop stop = run_from(kCode);
        REQUIRE(stopped_by<Abort>(stop));
        CHECK(std::get<Abort>(stop.why).address == VAddr(wild));
        stop = run_from(kCode + 0x40);
        REQUIRE(stopped_by<Abort>(stop));
        CHECK(std::get<Abort>(stop.why).access == Access::Write);
        stop = run_from(kCode + 0x80);
        REQUIRE(stopped_by<Abort>(stop));
        CHECK(std::get<Abort>(stop.why).access == Access::Execute);
        CHECK(stop.pc == VAddr(wild));
        CHECK(stop.retired == InsnCount(1));
    }
    x(2, kCode.value + 2);
    CHECK(stopped_by<PcAlignment>(run_from(kCode + 0x80)));
}

TEST_CASE_METHOD(CpuFixture, "preemption by budget loses and repeats nothing", "[cpu]") {
    put(code, 0, {movz(0, 0xffff), add_imm(1, 1, 1), subs_imm(0, 0, 1), cbnz(0, -8), svc(1)});
    x(1, 0);
    std::uint64_t total = 0, slices = 0;
    Stop stop = run_from(kCode, InsnCount(1000));
    for (; stopped_by<BudgetSpent>(stop); stop = run(InsnCount(1000))) {
        total += stop.retired.value;
        ++slices;
    }
    total += stop.retired.value;
    CHECK(x(1) == 0xffff);
    CHECK(total == 1 + 3 * 0xffff + 1);
    CHECK(slices > 190);
}

TEST_CASE_METHOD(CpuFixture, "two address spaces hold different code at one address", "[cpu]") {
    AddressSpace other(memory, *cpu);
    const PAddr frame = map(other, kCode, kReadExec);
    put(code, 0, {movz(0, 11), svc(0)});
    put(frame, 0, {movz(0, 22), movz(1, 3), svc(0)});
    for (int round = 0; round < 3; ++round) {
        REQUIRE(stopped_by<Svc>(run_from(kCode)));
        CHECK(x(0) == 11);
        cpu->write(task, Reg::Pc, kCode.value);
        const Stop stop = cpu->run(task, other, kForever);
        REQUIRE(stopped_by<Svc>(stop));
        CHECK(stop.retired == InsnCount(3));
        CHECK(x(0) == 22);
    }
}

TEST_CASE_METHOD(CpuFixture, "contexts keep their registers, flags and counts apart", "[cpu]") {
    put(code, 0, {subs_imm(0, 0, 1), add_imm(1, 1, 2), svc(0)});
    const ContextId other = cpu->create_context();
    x(0, 1);
    x(1, 0);
    FpState fp;
    fp.v[31] = {77, 88};
    cpu->write_fp(task, fp);
    REQUIRE(stopped_by<Svc>(run_from(kCode)));
    cpu->write(other, xreg(0), 5);
    cpu->write(other, Reg::Pc, kCode.value);
    REQUIRE(stopped_by<Svc>(cpu->run(other, space, kForever)));
    CHECK(cpu->read(other, xreg(0)) == 4);
    CHECK(cpu->read(other, Reg::Pstate) == 0x20000000);  // C
    CHECK(x(0) == 0);
    CHECK(cpu->read(task, Reg::Pstate) == 0x60000000);  // Z C
    CHECK(cpu->read_fp(task).v[31] == std::array<std::uint64_t, 2>{77, 88});
    CHECK(cpu->read_fp(other).v[31] == std::array<std::uint64_t, 2>{0, 0});
    CHECK(cpu->work(task).insns == InsnCount(3));
    CHECK(cpu->work(task).by_class[0] == 3);
    CHECK(cpu->work(other).by_class[0] == 3);
    const ContextId copy = cpu->clone_context(task);
    CHECK(cpu->read(copy, xreg(1)) == 2);
    CHECK(cpu->work(copy).insns == InsnCount(0));
    cpu->destroy_context(other);
    cpu->destroy_context(copy);
}

TEST_CASE_METHOD(CpuFixture, "an exception between LDXR and STXR makes the STXR fail", "[cpu]") {
    map(kData, kReadWrite);
    put(code, 0, {ldxr(3, 4), brk(5), stxr(2, 3, 4), svc(0)});
    x(4, kData.value);
    Stop stop = run_from(kCode);
    REQUIRE(stopped_by<Brk>(stop));
    cpu->clear_exclusive(task);
    REQUIRE(stopped_by<Svc>(run_from(stop.pc + 4)));
    CHECK(x(2) == 1);
    put(code, 0, {ldxr(3, 4), a64::kNop, stxr(2, 3, 4), svc(0)});
    REQUIRE(stopped_by<Svc>(run_from(kCode)));
    CHECK(x(2) == 0);
}
