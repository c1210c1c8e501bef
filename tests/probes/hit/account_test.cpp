// SPDX-License-Identifier: GPL-2.0-or-later
// Who pays: a program with probes does everything it does without them, and what a probe adds is on
// the probe's accounts.
#include <utility>

#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tests/probes/hit/probed_run.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

constexpr std::uint32_t kSubSp = 0xd1400bff;  // sub sp, sp, #2, lsl #12
constexpr std::uint32_t kStore = 0xf90003e0;  // str x0, [sp]

// 4000 times add, long enough for ticks. Index 2 is the add, 3 the subs, 4 the cbnz.
const std::vector<std::uint32_t> kLoop =
    with_exit({a64::movz(0, 0), a64::movz(5, 4000), add1(0), subs1(5), cbnz(5, -2)});
// Calls the function at 6 three times.
const std::vector<std::uint32_t> kCalls = {a64::movz(19, 3), bl(5),     0xf1000673, cbnz(19, -2),
                                           a64::movz(8, 94), a64::kSvc, a64::kNop,  a64::kRet};

ProbedRun priced(const std::vector<std::uint32_t>& words, const Probed& probed,
                 const char* kernel = "v6.12") {
    const auto machine = load_machine_profile("kunpeng916", {});
    const auto profile = load_kernel_profile(kernel, {});
    REQUIRE(machine);
    REQUIRE(profile);
    return {words, probed, *machine, *profile};
}

CentiCycles on(const ProbedRun& r, Account account) {
    CentiCycles sum;
    for (const auto& [id, task] : r.machine.ledger.tasks()) sum += task.on(account);
    return sum;
}
std::uint64_t times(const ProbedRun& r, Account account, KernelPath path) {
    return r.machine.ledger.charges(account).paths[static_cast<std::size_t>(path)].times;
}
std::uint64_t times(const ProbedRun& r, Account account, ExceptionClass ec) {
    return r.machine.ledger.charges(account).exceptions[static_cast<std::size_t>(ec)];
}

struct Workload {
    const char* name;
    std::vector<std::uint32_t> words;
    Probed probed;
    const char* kernel;
};
const std::vector<Workload> kWorkloads = {
    {"stepped, with ticks", kLoop, {{2}, {}}, "v6.12"},
    {"emulated, with ticks", kLoop, {{4}, {}}, "v6.12"},
    {"several probes", kLoop, {{2, 3, 4}, {}}, "next-20241104"},
    {"BRK after the slot", kLoop, {{2, 3}, {}}, "whatif-brk-after-slot"},
    {"slots that are kept", kLoop, {{2, 3}, {}}, "whatif-slot-per-uprobe"},
    {"returns", kCalls, {{6}, {6}}, "v6.13"},
    {"a fault in the step", with_exit({kSubSp, kStore, a64::movz(0, 0)}), {{1}, {}}, "v6.12"},
    {"a fault in an emulated push",
     with_exit({kSubSp, kPush, a64::movz(0, 0)}),
     {{1}, {}},
     "next-20241104+stp"},
    {"a step that is trapped", {a64::movz(1, 0x1234, 16), a64::ldr(0, 1)}, {{1}, {}}, "v6.12"},
    {"a breakpoint of its own", {a64::kNop, a64::brk(1)}, {{0}, {}}, "v6.12"},
};

}  // namespace

TEST_CASE("the accounts sum to all kernel work, and the probes' cycles to theirs", "[hit][cost]") {
    for (const Workload& workload : kWorkloads) {
        INFO(workload.name);
        ProbedRun r = priced(workload.words, workload.probed, workload.kernel);
        r.run();
        CentiCycles accounts, probes;
        for (std::size_t a = 0; a < kAccountCount; ++a) accounts += on(r, static_cast<Account>(a));
        CHECK(accounts == r.machine.ledger.kernel_cycles());
        for (const auto& probe : r.uprobes->uprobes()) probes += probe->cycles;
        CHECK(probes == on(r, Account::ProbeHit));
        CHECK(probes.value != 0);
        // One breakpoint for each place, and what else placing takes.
        CHECK(times(r, Account::ProbePlace, KernelPath::UprobePlace) ==
              r.uprobes->uprobes().size());
        CHECK(times(r, Account::ProbePlace, KernelPath::UprobePlaceMapping) == 1);
        CHECK(on(r, Account::ProbePlace).value >
              r.uprobes->uprobes().size() * r.machine.prices.path(KernelPath::UprobePlace).value);
    }
}

TEST_CASE("the guest's account does not depend on what is probed, nor on how it is executed",
          "[hit][cost]") {
    const auto guest = [](const std::vector<unsigned>& at, const char* kernel) {
        ProbedRun r = priced(kLoop, {at, {}}, kernel);
        CHECK(r.run().kind == ExitKind::Exited);
        // Exit frees one page more where there is a page of slots.
        const auto exit = static_cast<std::size_t>(KernelPath::SysExit);
        return on(r, Account::Guest) - r.machine.ledger.charges(Account::Guest).paths[exit].cycles;
    };
    const CentiCycles expected = guest({2}, "v6.12");
    CHECK(guest({4}, "v6.12") == expected);
    CHECK(guest({2, 3, 4}, "v6.12") == expected);
    CHECK(guest({2, 3}, "whatif-brk-after-slot") == expected);
    CHECK(guest({2, 3}, "whatif-slot-per-uprobe") == expected);
}

TEST_CASE("ticks and switches are on an account of their own", "[hit][cost]") {
    ProbedRun r = priced(kLoop, {{2}, {}});
    r.run();
    CHECK(times(r, Account::Interrupt, ExceptionClass::Irq) > 0);
    CHECK(times(r, Account::Interrupt, KernelPath::TimerTick) ==
          times(r, Account::Interrupt, ExceptionClass::Irq));
    CHECK(r.exceptions(ExceptionClass::Irq) == times(r, Account::Interrupt, ExceptionClass::Irq));
}

TEST_CASE("the fetch from the slot is the probe's, what the instruction accesses is the guest's",
          "[hit][cost]") {
    ProbedRun r = priced(with_exit({kSubSp, kStore, a64::movz(0, 0)}), {{1}, {}});
    CHECK(r.run().kind == ExitKind::Exited);
    CHECK(times(r, Account::ProbeHit, ExceptionClass::InsnAbort) == 1);
    CHECK(times(r, Account::ProbeHit, KernelPath::FaultSpecialExec) == 1);
    CHECK(times(r, Account::Guest, KernelPath::FaultSpecialExec) == 0);
    CHECK(times(r, Account::Guest, ExceptionClass::DataAbort) == 1);
    CHECK(times(r, Account::ProbeHit, ExceptionClass::DataAbort) == 0);
    // MDSCR.SS off and on again: for the fetch, and for the store.
    CHECK(times(r, Account::ProbeHit, KernelPath::FaultDuringStep) == 2);
    CHECK(times(r, Account::Guest, KernelPath::FaultDuringStep) == 0);
}

TEST_CASE("a page that an emulated push touches first is the guest's fault", "[hit][cost]") {
    ProbedRun r =
        priced(with_exit({kSubSp, kPush, a64::movz(0, 0)}), {{1}, {}}, "next-20241104+stp");
    CHECK(r.run().kind == ExitKind::Exited);
    const auto faults = [&](Account account) {
        return times(r, account, KernelPath::FaultAnonWrite) +
               times(r, account, KernelPath::FaultStackGrow);
    };
    CHECK(faults(Account::Guest) >= 1);
    CHECK(faults(Account::ProbeHit) == 0);
}

TEST_CASE("the trampoline's first fetch is the return probe's", "[hit][cost]") {
    ProbedRun r = priced(kCalls, {{}, {6}}, "v6.13");  // the nop is emulated: no slot is used
    CHECK(r.run().kind == ExitKind::Exited);
    CHECK(r.probe(0).returns == 3);
    CHECK(times(r, Account::ProbeHit, ExceptionClass::InsnAbort) == 1);
    CHECK(times(r, Account::Guest, ExceptionClass::InsnAbort) == 0);
}
