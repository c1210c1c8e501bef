// SPDX-License-Identifier: GPL-2.0-or-later
// Signals that come during a step, exec, and what a probe's cycles are.
#include <array>
#include <cstring>

#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tests/probes/hit/probed_run.h"

using namespace uprobesim;
using namespace uprobesim::test;

TEST_CASE("a signal during a step waits for its end, unless it ends the process", "[hit][signal]") {
    struct Row {
        Signal signal;
        const char* pc;
        std::uint64_t stepped;
    };
    // Signals that dump core become fatal only when they are taken.
    const Row row = GENERATE(Row{Signal::Kill, "0x400104", 0}, Row{Signal::Term, "0x400104", 0},
                             Row{Signal::Quit, "0x400108", 1});
    ProbedRun r(with_exit({a64::kNop, a64::kNop, a64::movz(0, 0)}), {1});
    // Two instructions: the first, and the breakpoint. The step is armed then.
    CHECK(r.run(2).kind == ExitKind::LimitReached);
    REQUIRE(r.task().tif_singlestep);
    r.kernel->signals().send(r.task(), {.signal = row.signal, .code = abi::kSiUser, .pid = 1});
    const ExitSummary end = r.run();
    INFO(end.detail);
    CHECK(end.kind == ExitKind::Signalled);
    CHECK(end.status == static_cast<int>(row.signal));
    CHECK(end.detail.find(row.pc) != std::string::npos);
    CHECK(r.probe(0).hits == 1);
    CHECK(r.probe(0).stepped == row.stepped);
}

TEST_CASE("exec starts with clean state and breakpoints in the new mapping", "[hit][exec]") {
    constexpr std::uint32_t kLoadArgc = 0xf94003e9, kCompare2 = 0xf100093f, kSub32 = 0xd10083ff,
                            kMovX1Sp = 0x910003e1;
    const auto str_sp = [](unsigned t, unsigned offset) {
        return 0xf90003e0u | offset / 8 << 10 | t;
    };
    const auto b_eq = [](unsigned count) { return 0x54000000u | count << 5; };
    // With one argument it executes itself with two.
    std::vector<std::uint32_t> words = {
        kLoadArgc,        kCompare2,       b_eq(12),          a64::adr(0, 4 * 14),
        kSub32,           str_sp(0, 0),    str_sp(0, 8),      str_sp(31, 16),
        kMovX1Sp,         a64::movz(2, 0), a64::movz(8, 221), a64::kSvc,
        a64::movz(0, 77), a64::b(2),       a64::movz(0, 5),   a64::movz(8, 94),
        a64::kSvc};
    std::array<std::uint32_t, 3> path{};
    std::memcpy(path.data(), "/bin/guest", 10);
    words.insert(words.end(), path.begin(), path.end());
    ProbedRun r(words, {0, 1, 2});
    const ExitSummary end = r.run();
    CHECK(end.kind == ExitKind::Exited);
    CHECK(end.status == 5);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(r.probe(i).hits == 2);
        CHECK(r.probe(i).placed == 2);
    }
    CHECK(r.times(KernelPath::UprobeAreaCreate) == 2);
}

TEST_CASE("the cycles of a probe are those of its hits' exceptions and paths", "[hit][cost]") {
    const auto machine = load_machine_profile("kunpeng916", {});
    const auto kernel = load_kernel_profile("v6.12", {});
    REQUIRE(machine);
    REQUIRE(kernel);
    // A loop of ten: a stepped add, an emulated cbnz.
    ProbedRun r(with_exit({a64::movz(5, 10), add1(0), subs1(5), cbnz(5, -2)}), Probed{{1, 3}, {}},
                *machine, *kernel);
    CHECK(r.run().status == 10);
    const auto count = [&](std::initializer_list<KernelPath> paths, std::uint64_t brk,
                           std::uint64_t steps) {
        const PriceList& prices = r.machine.prices;
        std::uint64_t sum = prices.exception(ExceptionClass::Brk).value * brk +
                            prices.exception(ExceptionClass::SoftwareStep).value * steps;
        for (const KernelPath path : paths) sum += prices.path(path).value;
        return sum + prices.path_units(KernelPath::UprobeConsumers, 1).value;
    };
    using P = KernelPath;
    const std::uint64_t stepped =
        count({P::BrkEntry, P::UprobeLookup, P::UprobeConsumers, P::UprobeSlotGet,
               P::UprobeSlotCopy, P::UprobeSlotSync, P::UprobeStepArm, P::BrkReturn, P::StepEntry,
               P::UprobeStepFinish, P::StepReturn},
              1, 1);
    const std::uint64_t emulated = count(
        {P::BrkEntry, P::UprobeLookup, P::UprobeConsumers, P::UprobeEmulateBranch, P::BrkReturn}, 1,
        0);
    CHECK(r.probe(0).cycles.value ==
          10 * stepped + r.machine.prices.path(P::UprobeTaskCreate).value +
              r.machine.prices.path(P::UprobeAreaCreate).value +
              // The slot's first fetch.
              r.machine.prices.exception(ExceptionClass::InsnAbort).value +
              r.machine.prices.path(P::FaultSpecialExec).value +
              r.machine.prices.path(P::FaultDuringStep).value);
    CHECK(r.probe(1).cycles.value == 10 * emulated);
}
