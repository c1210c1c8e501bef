// SPDX-License-Identifier: GPL-2.0-or-later
// The engine stops before chosen instructions, and does and counts the same as without.
#include "sim/cpu/unicorn/place_stops.h"

#include "sim/cpu/unicorn/unicorn_cpu_impl.h"
#include "tests/sim/cpu/cpu_fixture.h"

using namespace uprobesim;

namespace {

constexpr std::uint64_t kLoopAt = 4, kMiddle = 8;

// Ten rounds of three instructions.
void put_loop(CpuFixture& f) {
    f.put(f.code, 0,
          {a64::movz(1, 10), a64::add_imm(0, 0, 1), a64::add_imm(2, 2, 1), a64::subs_imm(1, 1, 1),
           a64::cbnz(1, -12), a64::svc(0)});
}
constexpr std::uint64_t kInsns = 1 + 10 * 4 + 1;

}  // namespace

TEST_CASE("a run stops before a chosen instruction each time, and goes on from there",
          "[cpu][places]") {
    for (const std::uint64_t at : {kLoopAt, kMiddle}) {
        CAPTURE(at);
        CpuFixture f;
        put_loop(f);
        stop_before_place(*f.cpu, CpuFixture::kCode + at);
        Stop stop = f.run_from(CpuFixture::kCode);
        std::uint64_t times = 0, retired = stop.retired.value;
        while (stopped_before_place(*f.cpu)) {
            CHECK(stop.pc == CpuFixture::kCode + at);
            CHECK(f.x(0) == times + (at == kMiddle ? 1 : 0));
            ++times;
            stop = f.run();
            retired += stop.retired.value;
        }
        CHECK(times == 10);
        CHECK(stopped_by<Svc>(stop));
        CHECK(retired == kInsns);
        CHECK(f.cpu->insns(f.task) == InsnCount(kInsns));
        CHECK(f.cpu->cycles(f.task) == CentiCycles(100 * kInsns));
    }
}

TEST_CASE("an instruction can be chosen after its block was executed, and given up again",
          "[cpu][places]") {
    CpuFixture f;
    put_loop(f);
    CHECK(stopped_by<Svc>(f.run_from(CpuFixture::kCode)));
    stop_before_place(*f.cpu, CpuFixture::kCode + kMiddle);
    CHECK(stopped_by<BudgetSpent>(f.run_from(CpuFixture::kCode)));
    CHECK(stopped_before_place(*f.cpu));
    stop_nowhere(*f.cpu);
    CHECK(stopped_by<Svc>(f.run()));
    CHECK_FALSE(stopped_before_place(*f.cpu));
    CHECK(f.cpu->insns(f.task) == InsnCount(2 * kInsns));
}

TEST_CASE("both ways of the engine stop before the same instructions", "[cpu][places][engine]") {
    for (const EngineWay way : {EngineWay::Plain, EngineWay::Edited}) {
        PhysicalMemory memory(64u << 20);
        const FixedModel model;
        const auto cpu = make_unicorn_cpu(memory, model, {}, UnicornTrial{.way = way});
        AddressSpace space(memory, *cpu);
        const auto frame = memory.allocate();
        REQUIRE(frame);
        REQUIRE(space.map(CpuFixture::kCode, *frame, CpuFixture::kReadExec));
        const std::uint32_t words[] = {a64::movz(1, 1000), a64::add_imm(0, 0, 1),
                                       a64::subs_imm(1, 1, 1), a64::cbnz(1, -8), a64::svc(0)};
        std::memcpy(memory.bytes(*frame).data(), words, sizeof words);
        const ContextId task = cpu->create_context();
        cpu->write(task, Reg::Pc, CpuFixture::kCode.value);
        stop_before_place(*cpu, CpuFixture::kCode + 8);
        std::uint64_t times = 0;
        // Budgets that end anywhere make no stop more and none less.
        for (std::uint64_t budget = 1;; budget = budget % 7 + 1) {
            const Stop stop = cpu->run(task, space, InsnCount(budget));
            times += stopped_before_place(*cpu) ? 1 : 0;
            if (stopped_by<Svc>(stop)) break;
        }
        CHECK(times == 1000);
        CHECK(cpu->insns(task) == InsnCount(1 + 3 * 1000 + 1));
        CHECK(cpu->cycles(task) == CentiCycles(100ul * (1 + 3 * 1000 + 1)));
    }
}
