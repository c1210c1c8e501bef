// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>

#include "sim/cost/ledger.h"
#include "sim/cost/price_terms.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"

using namespace uprobesim;

namespace {

MachineProfile machine() {
    MachineProfile m;
    m.frequency_hz.value = 1e9;
    m.kernel_cpi.value = 2;
    m.exception_entry.value = 30;
    m.exception_return.value = 20;
    m.kpti.value = 1;
    m.kpti_switch.value = 7;
    m.bhb.value = 1;
    m.bhb_loop.value = 3.5;
    m.ops[static_cast<std::size_t>(KernelOp::Isb)].value = 10;
    m.ops[static_cast<std::size_t>(KernelOp::DcCvau)].value = 0.25;
    return m;
}
KernelProfile kernel() {
    KernelProfile k;
    PathCost& read = k.paths[static_cast<std::size_t>(KernelPath::SysReadFile)];
    read.insns = 100;
    read.insns_per_unit = 0.25;
    read.ops[static_cast<std::size_t>(KernelOp::Isb)] = 2;
    read.ops[static_cast<std::size_t>(KernelOp::DcCvau)] = 4;
    return k;
}

}  // namespace

TEST_CASE("an exception costs entry, return and what the mitigations add", "[sim][cost]") {
    const PriceList prices(machine(), kernel());
    CHECK(prices.exception(ExceptionClass::Svc) == CentiCycles(6050));
}

TEST_CASE("a path costs its instructions times CPI and its operations", "[sim][cost]") {
    const PriceList prices(machine(), kernel());
    // 100 x 2 + 2 x 10 + 4 x 0.25.
    CHECK(prices.path(KernelPath::SysReadFile) == CentiCycles(22100));
    CHECK(prices.path_units(KernelPath::SysReadFile, 3) == CentiCycles(150));  // 3 x 0.25 x 2
    CHECK(prices.path_units(KernelPath::SysReadFile, 1u << 30) == CentiCycles((1ull << 30) * 50));
    CHECK(prices.path_insns(KernelPath::SysReadFile, 2, 40) == 210);
    CHECK(prices.path(KernelPath::SysTrivial) == CentiCycles(0));
}

namespace {

// Slot synchronisation as kernel profiles list it, and the same with a TLB invalidation after it.
KernelProfile writing_code() {
    KernelProfile k;
    const auto set = [&k](KernelPath path, KernelOp op, double count) {
        k.paths[static_cast<std::size_t>(path)].ops[static_cast<std::size_t>(op)] = count;
    };
    for (const KernelPath path : {KernelPath::UprobeSlotSync, KernelPath::UprobePlace}) {
        set(path, KernelOp::DcCvau, path == KernelPath::UprobePlace ? 64 : 1);
        set(path, KernelOp::IcIvau, path == KernelPath::UprobePlace ? 64 : 1);
        set(path, KernelOp::DsbIsh, path == KernelPath::UprobePlace ? 4 : 2);
        set(path, KernelOp::Isb, 1);
    }
    set(KernelPath::UprobeSlotSync, KernelOp::SlotRefetch, 1);
    set(KernelPath::UprobePlace, KernelOp::Tlbi, 1);
    set(KernelPath::SysMunmap, KernelOp::DsbIsh, 2);
    set(KernelPath::SysMunmap, KernelOp::Tlbi, 1);
    set(KernelPath::UprobeStepArm, KernelOp::MdscrRead, 1);
    set(KernelPath::UprobeStepArm, KernelOp::MdscrWrite, 1);
    return k;
}
// Powers of two, so that every sum says what is in it.
MachineProfile coherent(double idc, double dic) {
    MachineProfile m;
    m.idc.value = idc;
    m.dic.value = dic;
    m.shareability_cores.value = 10;
    m.dsb_ish_per_core.value = 100;
    m.slot_refetch_per_core.value = 1000;
    m.slot_refetch_coherent.value = 256;
    const auto set = [&m](KernelOp op, double price) {
        m.ops[static_cast<std::size_t>(op)].value = price;
    };
    set(KernelOp::DsbIsh, 1);
    set(KernelOp::DsbIshst, 2);
    set(KernelOp::Isb, 4);
    set(KernelOp::DcCvau, 8);
    set(KernelOp::IcIvau, 16);
    set(KernelOp::Tlbi, 32);
    set(KernelOp::SlotRefetch, 64);
    set(KernelOp::MdscrRead, 5);
    set(KernelOp::MdscrWrite, 7);
    return m;
}
double path_price(const MachineProfile& m, KernelPath path) {
    return static_cast<double>(PriceList(m, writing_code()).path(path).value) / 100;
}

}  // namespace

// Linux, caches_clean_inval_pou: dc cvau, dsb ish, ic ivau, dsb ish, isb; with IDC dsb ishst, ic
// ivau, dsb ish, isb; with both dsb ishst, isb. A DSB ISH is 1 + 10 x 100, a refetch 64 + 10 x
// 1000.
TEST_CASE("a price's terms name each figure with its count", "[sim][cost]") {
    const auto text = [](const std::vector<PriceTerm>& terms) {
        std::string all;
        for (const PriceTerm& term : terms)
            all += fmt::format("{} {} x {}; ", term.figure, term.count, term.each);
        return all;
    };
    CHECK(text(exception_terms(machine(), ExceptionClass::Svc)) ==
          "exception-entry 1 x 30; exception-return 1 x 20; kpti-switch 1 x 7; bhb-loop 1 x 3.5; ");
    CHECK(text(exception_terms(machine(), ExceptionClass::DataAbortSameEl)) ==
          "exception-entry 1 x 30; exception-return 1 x 20; ");
    CHECK(text(path_terms(machine(), kernel(), KernelPath::SysReadFile, 8)) ==
          "kernel-cpi 100 x 2; ops.isb 2 x 10; ops.dc-cvau 4 x 0.25; kernel-cpi 2 x 2; ");
    // With IDC there is no clean.
    MachineProfile coherent = machine();
    coherent.idc.value = 1;
    CHECK(text(path_terms(coherent, kernel(), KernelPath::SysReadFile, 0)) ==
          "kernel-cpi 100 x 2; ops.isb 2 x 10; ");
}

TEST_CASE("IDC spares the clean, DIC the invalidation, each with its barrier", "[sim][cost]") {
    const KernelPath sync = KernelPath::UprobeSlotSync;
    CHECK(path_price(coherent(0, 0), sync) == 8 + 1001 + 16 + 1001 + 4 + 10064);
    CHECK(path_price(coherent(1, 0), sync) == 2 + 16 + 1001 + 4 + 10064);
    CHECK(path_price(coherent(0, 1), sync) == 8 + 1001 + 4 + 256);
    CHECK(path_price(coherent(1, 1), sync) == 2 + 4 + 256);
}

TEST_CASE("barriers of TLB maintenance stay with IDC and DIC", "[sim][cost]") {
    const KernelPath place = KernelPath::UprobePlace;
    CHECK(path_price(coherent(0, 0), place) == 64 * 8 + 64 * 16 + 4 * 1001 + 4 + 32);
    CHECK(path_price(coherent(1, 1), place) == 2 + 2 * 1001 + 4 + 32);
    CHECK(path_price(coherent(0, 0), KernelPath::SysMunmap) == 2 * 1001 + 32);
    CHECK(path_price(coherent(1, 1), KernelPath::SysMunmap) == 2 * 1001 + 32);
}

TEST_CASE("a broadcast costs by the cores it reaches", "[sim][cost]") {
    MachineProfile m = coherent(0, 0);
    m.shareability_cores.value = 2;
    CHECK(path_price(m, KernelPath::UprobeSlotSync) == 8 + 201 + 16 + 201 + 4 + 2064);
}

TEST_CASE("trapped debug registers cost a round trip for each of a step's four accesses",
          "[sim][cost]") {
    MachineProfile m = coherent(0, 0);
    m.debug_trap.value = 6000;
    CHECK(path_price(m, KernelPath::UprobeStepArm) == 5 + 7);
    m.debug_register_traps.value = 4;
    CHECK(path_price(m, KernelPath::UprobeStepArm) == 5 + 7 + 2 * 6000);
    m.debug_register_traps.value = 1;
    CHECK(path_price(m, KernelPath::UprobeStepArm) == 5 + 7 + 2 * 1500);
}

TEST_CASE("mitigations can be off, and are not paid for a fault of the kernel itself",
          "[sim][cost]") {
    MachineProfile m = machine();
    const auto price = [&m](ExceptionClass ec) { return PriceList(m, kernel()).exception(ec); };
    CHECK(price(ExceptionClass::DataAbort) == CentiCycles(6050));
    CHECK(price(ExceptionClass::DataAbortSameEl) == CentiCycles(5000));
    m.bhb.value = 0;
    CHECK(price(ExceptionClass::Svc) == CentiCycles(5700));
    m.kpti.value = 0;
    CHECK(price(ExceptionClass::Svc) == CentiCycles(5000));
}

TEST_CASE("debug exceptions routed to EL2 cost its round trip, others do not", "[sim][cost]") {
    MachineProfile m = machine();
    m.debug_trap.value = 6000;
    m.debug_exceptions_to_el2.value = 1;
    const PriceList prices(m, kernel());
    CHECK(prices.exception(ExceptionClass::Brk) == CentiCycles(606050));
    CHECK(prices.exception(ExceptionClass::SoftwareStep) == CentiCycles(606050));
    CHECK(prices.exception(ExceptionClass::Svc) == CentiCycles(6050));
    CHECK(prices.exception(ExceptionClass::Undefined) == CentiCycles(6050));
}

TEST_CASE("absurd figures times absurd units stay in range", "[sim][cost]") {
    KernelProfile k = kernel();
    k.paths[static_cast<std::size_t>(KernelPath::SysReadFile)].insns_per_unit = 1e9;
    const PriceList prices(machine(), k);
    CHECK(prices.path_units(KernelPath::SysReadFile, ~std::uint64_t{0}) ==
          CentiCycles(1000000000000000000u));
}

TEST_CASE("the ledger's total is the sum over tasks, and its cycles are its counts priced",
          "[sim][cost]") {
    const PriceList prices(machine(), kernel());
    Ledger ledger(prices);
    ledger.exception(TaskId{1000}, ExceptionClass::Svc);
    ledger.spend(TaskId{1000}, KernelPath::SysReadFile, 8);
    ledger.exception(TaskId{1001}, ExceptionClass::Brk);
    ledger.spend(TaskId{1001}, KernelPath::SysReadFile);
    ledger.spend(TaskId{1000}, KernelPath::SysReadFile, 4);

    const Charges total = ledger.total();
    const PathCount& read = total.paths[static_cast<std::size_t>(KernelPath::SysReadFile)];
    CHECK(read.times == 3);
    CHECK(read.units == 12);
    CHECK(read.cycles == CentiCycles(3 * 22100 + 12 * 50));
    CHECK(total.exceptions[static_cast<std::size_t>(ExceptionClass::Svc)] == 1);
    CHECK(total.exceptions[static_cast<std::size_t>(ExceptionClass::Brk)] == 1);
    CHECK(ledger.kernel_cycles() == read.cycles + CentiCycles(2ul * 6050));
    REQUIRE(ledger.tasks().size() == 2);
    const TaskLedger &a = ledger.tasks().at(TaskId{1000}), &b = ledger.tasks().at(TaskId{1001});
    CHECK(a.kernel_cycles() == CentiCycles(2 * 22100 + 12 * 50 + 6050));
    CHECK(b.kernel_cycles() == CentiCycles(22100 + 6050));
    CHECK(a.exceptions == 1);
    CHECK(b.exceptions == 1);
}

TEST_CASE(
    "a charge is on one account, and a bill is what a task's probes were charged since the last",
    "[sim][cost]") {
    const PriceList prices(machine(), kernel());
    Ledger ledger(prices);
    const TaskId one{1000}, two{1001};
    ledger.exception(one, ExceptionClass::Brk, Account::ProbeHit);
    ledger.spend(one, KernelPath::SysReadFile, 8, Account::ProbeHit);
    ledger.spend(one, KernelPath::SysReadFile, 4);
    ledger.exception(one, ExceptionClass::Irq, Account::Interrupt);
    ledger.spend(two, KernelPath::SysReadFile, 0, Account::ProbePlace);
    ledger.exception(two, ExceptionClass::Brk, Account::ProbeHit);

    CHECK(ledger.take_bill(one) == CentiCycles(6050 + 22100 + 8 * 50));
    CHECK(ledger.take_bill(one) == CentiCycles(0));
    ledger.exception(one, ExceptionClass::Brk, Account::ProbeHit);
    CHECK(ledger.take_bill(one) == CentiCycles(6050));
    CHECK(ledger.take_bill(two) == CentiCycles(6050));

    const TaskLedger& t = ledger.tasks().at(one);
    CHECK(t.on(Account::Guest) == CentiCycles(22100 + 4 * 50));
    CHECK(t.on(Account::ProbeHit) == CentiCycles(2 * 6050 + 22100 + 8 * 50));
    CHECK(t.on(Account::Interrupt) == CentiCycles(6050));
    CHECK(t.on(Account::ProbePlace) == CentiCycles(0));
    CHECK(ledger.tasks().at(two).on(Account::ProbePlace) == CentiCycles(22100));
    const auto read = static_cast<std::size_t>(KernelPath::SysReadFile);
    CHECK(ledger.charges(Account::ProbeHit).paths[read].units == 8);
    CHECK(ledger.charges(Account::Guest).paths[read].units == 4);
    CHECK(ledger.total().paths[read].times == 3);
    CHECK(t.kernel_cycles() + ledger.tasks().at(two).kernel_cycles() == ledger.kernel_cycles());
}

TEST_CASE("the charges of a task that ended can be added to another's", "[sim][cost]") {
    const PriceList prices(machine(), kernel());
    Ledger ledger(prices);
    const TaskId ended{1000}, rest{};
    ledger.exception(ended, ExceptionClass::Svc);
    ledger.count_hit(ended);
    const CentiCycles all = ledger.kernel_cycles();
    ledger.move(ended, rest);
    ledger.move(ended, rest);
    CHECK_FALSE(ledger.tasks().contains(ended));
    CHECK(ledger.tasks().at(rest).kernel_cycles() == CentiCycles(6050));
    CHECK(ledger.tasks().at(rest).exceptions == 1);
    CHECK(ledger.tasks().at(rest).hits == 1);
    CHECK(ledger.kernel_cycles() == all);
    ledger.exception(ended, ExceptionClass::Svc);
    CHECK(ledger.tasks().at(ended).exceptions == 1);
}

TEST_CASE("an account goes by its name", "[sim][cost]") {
    std::set<std::string_view> names;
    for (std::size_t a = 0; a < kAccountCount; ++a) {
        const auto account = static_cast<Account>(a);
        names.insert(account_name(account));
        CHECK(find_account(account_name(account)) == account);
    }
    CHECK(names.size() == kAccountCount);
    CHECK(account_name(Account::ProbeHit) == "probe-hit");
    CHECK_FALSE(find_account("nobody"));
}

TEST_CASE("every exception class, kernel operation and kernel path has a name of its own",
          "[sim][cost]") {
    std::set<std::string_view> names;
    for (std::size_t e = 0; e < kExceptionClassCount; ++e)
        names.insert(exception_class_name(static_cast<ExceptionClass>(e)));
    CHECK(names.size() == kExceptionClassCount);
    CHECK(names.count("") == 0);
    names.clear();
    for (std::size_t op = 0; op < kKernelOpCount; ++op)
        names.insert(kernel_op_name(static_cast<KernelOp>(op)));
    CHECK(names.size() == kKernelOpCount);
    CHECK(names.count("") == 0);
    CHECK(kernel_op_name(KernelOp::SlotRefetch) == "slot-refetch");
    CHECK(kernel_op_name(KernelOp::MdscrWrite) == "mdscr-write");
    CHECK(exception_class_name(ExceptionClass::Irq) == "irq");
    CHECK(exception_class_name(ExceptionClass::SoftwareStep) == "software-step");
    names.clear();
    for (const KernelPathInfo& path : kKernelPaths) names.insert(path.name);
    CHECK(names.size() == kKernelPathCount);
}

TEST_CASE("many small charges cost what one large charge costs", "[sim][cost]") {
    KernelProfile k = kernel();
    // 0.0034 cycles, rounds to 0.
    k.paths[static_cast<std::size_t>(KernelPath::SysReadFile)].insns_per_unit = 0.0017;
    const PriceList prices(machine(), k);
    Ledger ledger(prices);
    for (int i = 0; i < 1000; ++i) ledger.spend(TaskId{1000 + i % 3}, KernelPath::SysReadFile, 1);
    const PathCount read = ledger.total().paths[static_cast<std::size_t>(KernelPath::SysReadFile)];
    CHECK(read.units == 1000);
    CHECK(read.cycles == CentiCycles(1000 * 22100 + 340));
    CHECK(ledger.kernel_cycles() == read.cycles);
}
