// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch.hpp>

#include "sim/base/units.h"
#include "sim/profile/exception_class.h"
#include "sim/profile/kernel_path.h"

using namespace uprobesim;

TEST_CASE("a kernel path is found by its name and by no other", "[sim][cost]") {
    CHECK(find_kernel_path("uprobe.slot.sync") == KernelPath::UprobeSlotSync);
    CHECK(find_kernel_path("sys.unknown") == KernelPath::SysUnknown);
    CHECK(find_kernel_path("uprobe.place") == KernelPath::UprobePlace);
    for (const char* name :
         {"", "uprobe", "uprobe.slot.syn", "uprobe.slot.sync.", "UprobeSlotSync"})
        CHECK_FALSE(find_kernel_path(name).has_value());
}

TEST_CASE("a kernel path is work of the group that its place in the kernel says", "[sim][cost]") {
    CHECK(work_group(KernelPath::SysOpen) == WorkGroup::SystemCalls);
    CHECK(work_group(KernelPath::FaultAnonWrite) == WorkGroup::Faults);
    CHECK(work_group(KernelPath::SysregEmulation) == WorkGroup::Faults);
    CHECK(work_group(KernelPath::UndefinedSignal) == WorkGroup::Faults);
    CHECK(work_group(KernelPath::SignalDeliver) == WorkGroup::Signals);
    CHECK(work_group(KernelPath::BrkSigtrap) == WorkGroup::Signals);
    CHECK(work_group(KernelPath::ContextSwitch) == WorkGroup::Scheduling);
    CHECK(work_group(KernelPath::TimerTick) == WorkGroup::Scheduling);
    for (const KernelPath p :
         {KernelPath::BrkEntry, KernelPath::BrkReturn, KernelPath::UprobeLookup,
          KernelPath::StepEntry, KernelPath::StepReturn, KernelPath::UretprobeReturn,
          KernelPath::UprobePlace}) {
        CHECK(work_group(p) == WorkGroup::Probes);
    }
}

TEST_CASE("system calls are the paths named sys. and the filters before them", "[sim][cost]") {
    for (const KernelPathInfo& path : kKernelPaths) {
        INFO(path.name);
        const bool call = path.name.starts_with("sys.") || path.name == "seccomp";
        CHECK((path.group == WorkGroup::SystemCalls) == call);
    }
}

TEST_CASE("an exception class is found by its name and by no other", "[sim][cost]") {
    CHECK(find_exception_class("svc") == ExceptionClass::Svc);
    CHECK(find_exception_class("software-step") == ExceptionClass::SoftwareStep);
    CHECK(find_exception_class("irq") == ExceptionClass::Irq);
    for (const char* name : {"", "sv", "svcs", "Svc"})
        CHECK_FALSE(find_exception_class(name).has_value());
}

TEST_CASE("cycles are hundredths of a cycle, summed whole", "[sim][cost]") {
    CHECK(in_cycles(CentiCycles(12345)) == 123.45);
    CHECK(in_cycles(CentiCycles()) == 0);
}
