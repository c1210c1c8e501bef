// SPDX-License-Identifier: GPL-2.0-or-later
// Register values by hand from the Arm manual: ESR_EL1 is EC in bits 31..26, IL in bit 25, ISS
// below.
#include "kernel_model/hooks/trap_observer.h"

#include "tests/kernel_model/kernel/kernel_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

struct Log final : TrapObserver {
    std::vector<ExceptionRegisters> exceptions;
    std::vector<KernelPath> paths;
    CentiCycles charged_cycles;
    std::uint64_t returns = 0;
    std::uint64_t most_returns = ~std::uint64_t{0};

    void trapped(const Task&, const Stop&, const ExceptionRegisters& registers) override {
        exceptions.push_back(registers);
    }
    void charged(TaskId, ExceptionClass, CentiCycles cycles, Account) override {
        charged_cycles += cycles;
    }
    void charged(TaskId, KernelPath path, std::uint64_t, CentiCycles cycles, Account) override {
        paths.push_back(path);
        charged_cycles += cycles;
    }
    void exit_work(const Task&) override {}
    bool returning(const Task&) override { return ++returns <= most_returns; }
};

// The syndromes of a program of `words`.
Log watched(const std::vector<std::uint32_t>& words) {
    KernelFixture f(words);
    Log log;
    f.kernel->observe(&log);
    f.run_loop->run({.max_insns = 100});
    return log;
}

}  // namespace

TEST_CASE("an observer is told of every exception as the hardware reports it",
          "[kernel][observer]") {
    const auto first = [](const std::vector<std::uint32_t>& words, std::size_t n) {
        const Log log = watched(with_exit(words));
        // The first instruction's page is brought in by an instruction abort: EC 0x20.
        REQUIRE(log.exceptions.size() > n);
        CHECK(log.exceptions[0].esr >> 26 == 0x20);
        CHECK(log.exceptions[0].far == std::uint64_t{0x400100});
        return log.exceptions[n];
    };
    const auto svc = first({}, 1);
    CHECK(svc.esr == 0x56000000);
    CHECK_FALSE(svc.far);
    const auto brk = first({a64::brk(5)}, 1);
    CHECK(brk.esr == 0xf2000005);
    CHECK(brk.elr == 0x400100);
    CHECK(brk.spsr == 0);
    CHECK(first({0}, 1).esr == 0x02000000);
    // mrs x0, cntvct_el0 traps with its encoding: op0 3, op2 2, op1 3, CRn 14, Rt 0, CRm 0, a read.
    CHECK(first({a64::mrs(0, 3, 3, 14, 0, 2)}, 1).esr ==
          (0x62000000 | 3u << 20 | 2u << 17 | 3u << 14 | 14u << 10 | 1u));
    // mrs x0, midr_el1 is a plain undefined instruction at EL0.
    CHECK(first({a64::mrs(0, 3, 0, 0, 0, 0)}, 1).esr == 0x02000000);
    // A store to 0x12340000: nothing in these 2 MiB, but in this gigabyte.
    const auto store = first({a64::movz(1, 0x1234, 16), a64::str(0, 1)}, 1);
    CHECK(store.esr == 0x92000046);
    CHECK(store.far == std::uint64_t{0x12340000});
    CHECK(store.elr == 0x400104);
    // A load from another gigabyte.
    CHECK(first({a64::movz(1, 0x10, 32), a64::ldr(0, 1)}, 1).esr == 0x92000005);
}

TEST_CASE("an observer is notified of every charge", "[kernel][observer]") {
    KernelFixture f(with_exit({a64::movz(0, 3)}));
    Log log;
    const CentiCycles before = f.machine.ledger.kernel_cycles();
    f.kernel->observe(&log);
    CHECK(f.run_loop->run({}).status == 3);
    CHECK(log.charged_cycles == f.machine.ledger.kernel_cycles() - before);
    CHECK(std::count(log.paths.begin(), log.paths.end(), KernelPath::SysExit) == 1);
}

TEST_CASE("an observer can end the run before the return to EL0", "[kernel][observer]") {
    KernelFixture f(with_exit({}));
    Log log;
    log.most_returns = 1;
    f.kernel->observe(&log);
    CHECK(f.run_loop->run({}).kind == ExitKind::LimitReached);
    CHECK(log.returns == 2);
    CHECK(f.kernel->counters().retired() == InsnCount(0));
}
