// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch.hpp>

#include <set>

#include "sim/cost/ledger.h"

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
    CHECK(prices.path(KernelPath::SysReadFile) == CentiCycles(22100));         // 100 x 2 + 2 x 10 + 4 x 0.25
    CHECK(prices.path_units(KernelPath::SysReadFile, 3) == CentiCycles(150));  // 3 x 0.25 x 2
    CHECK(prices.path_units(KernelPath::SysReadFile, 1u << 30) == CentiCycles((1ull << 30) * 50));
    CHECK(prices.path_insns(KernelPath::SysReadFile, 2, 40) == 210);
    CHECK(prices.path(KernelPath::SysTrivial) == CentiCycles(0));
}

TEST_CASE("absurd figures times absurd units stay in range", "[sim][cost]") {
    KernelProfile k = kernel();
    k.paths[static_cast<std::size_t>(KernelPath::SysReadFile)].insns_per_unit = 1e9;
    const PriceList prices(machine(), k);
    CHECK(prices.path_units(KernelPath::SysReadFile, ~std::uint64_t{0}) == CentiCycles(1000000000000000000u));
}

TEST_CASE("the ledger's total is the sum over tasks, and its cycles are its counts priced", "[sim][cost]") {
    const PriceList prices(machine(), kernel());
    Ledger ledger(prices);
    ledger.exception(TaskId{1000}, ExceptionClass::Svc);
    ledger.spend(TaskId{1000}, KernelPath::SysReadFile, 8);
    ledger.exception(TaskId{1001}, ExceptionClass::Brk);
    ledger.spend(TaskId{1001}, KernelPath::SysReadFile);
    ledger.spend(TaskId{1000}, KernelPath::SysReadFile, 4);

    const TaskLedger total = ledger.total();
    const PathCount& read = total.paths[static_cast<std::size_t>(KernelPath::SysReadFile)];
    CHECK(read.times == 3);
    CHECK(read.units == 12);
    CHECK(read.cycles == CentiCycles(3 * 22100 + 12 * 50));
    CHECK(total.exceptions[static_cast<std::size_t>(ExceptionClass::Svc)] == 1);
    CHECK(total.exceptions[static_cast<std::size_t>(ExceptionClass::Brk)] == 1);
    CHECK(total.exception_cycles == CentiCycles(2 * 6050));
    CHECK(ledger.kernel_cycles() == read.cycles + total.exception_cycles);
    CHECK(ledger.tasks().size() == 2);
}

TEST_CASE("every exception class, kernel operation and kernel path has a name of its own", "[sim][cost]") {
    std::set<std::string_view> names;
    for (std::size_t e = 0; e < kExceptionClassCount; ++e)
        names.insert(exception_class_name(static_cast<ExceptionClass>(e)));
    CHECK(names.size() == kExceptionClassCount);
    CHECK(names.count("") == 0);
    names.clear();
    for (std::size_t op = 0; op < kKernelOpCount; ++op) names.insert(kernel_op_name(static_cast<KernelOp>(op)));
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
    k.paths[static_cast<std::size_t>(KernelPath::SysReadFile)].insns_per_unit = 0.0017;  // 0.0034 cycles, rounds to 0
    const PriceList prices(machine(), k);
    Ledger ledger(prices);
    for (int i = 0; i < 1000; ++i) ledger.spend(TaskId{1000 + i % 3}, KernelPath::SysReadFile, 1);
    const PathCount read = ledger.total().paths[static_cast<std::size_t>(KernelPath::SysReadFile)];
    CHECK(read.units == 1000);
    CHECK(read.cycles == CentiCycles(1000 * 22100 + 340));
    CHECK(ledger.kernel_cycles() == read.cycles);
}
