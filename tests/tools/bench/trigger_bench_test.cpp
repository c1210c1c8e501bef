// SPDX-License-Identifier: GPL-2.0-or-later
// A hit as a real kernel takes it: exceptions and EL1 instructions of Debian's arm64 kernels
// 6.12.117 and 6.1.192 under QEMU (Cortex-A72, an empty BPF program on the probe), counted by an
// instruction tracer.
#include "tools/bench/trigger_bench.h"

#include <catch2/catch.hpp>

#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/bench/bench_report.h"
#include "tools/bench/trigger_programs.h"

namespace uprobesim {
namespace {

struct Measured {
    const char *kernel, *variant;
    int exceptions;
    double insns;
};
constexpr Measured kMeasured[] = {
    {"v6.12", "uprobe-nop", 2, 1672},     {"v6.12", "uprobe-push", 2, 1672},
    {"v6.12", "uprobe-ret", 1, 912},      {"v6.12", "uretprobe-nop", 3, 2514},
    {"v6.12", "uretprobe-push", 3, 2514}, {"v6.12", "uretprobe-ret", 2, 1754},
    {"v6.1", "uprobe-nop", 2, 2098},      {"v6.1", "uprobe-push", 2, 2099},
    {"v6.1", "uprobe-ret", 1, 1333},      {"v6.1", "uretprobe-nop", 3, 3359},
    {"v6.1", "uretprobe-push", 3, 3359},  {"v6.1", "uretprobe-ret", 2, 2593},
};

TriggerRequest request_for(const char* kernel, const char* variant) {
    TriggerRequest request;
    request.kernel = kernel;
    request.machine = "kunpeng916";
    request.variant = parse_trigger_variant(variant).value();
    return request;
}

TriggerCounts counted(const TriggerRequest& request) {
    auto counts = count_trigger(request);
    if (!counts) FAIL(counts.error().line());
    return *counts;
}

std::uint64_t taken(const TriggerCounts& counts, ExceptionClass ec) {
    return counts.exceptions[static_cast<std::size_t>(ec)];
}

bool have_targets() {
    if (!trigger_programs().empty()) return true;
    WARN("skipped: built without an arm64 cross compiler");
    return false;
}

}  // namespace

TEST_CASE("a hit of the benchmark takes the exceptions and the instructions of a real kernel",
          "[tools][bench]") {
    if (!have_targets()) return;
    for (const Measured& m : kMeasured) {
        INFO(m.kernel << " " << m.variant);
        const TriggerCounts counts = counted(request_for(m.kernel, m.variant));
        CHECK(counts.exceptions_taken() ==
              static_cast<std::uint64_t>(m.exceptions) * counts.iterations);
        const PriceList prices(load_machine_profile("kunpeng916", {}).value(),
                               load_kernel_profile(m.kernel, {}).value());
        CHECK(price_trigger(counts, prices).kernel_insns == Approx(m.insns).epsilon(0.02));
    }
}

TEST_CASE("a perf event without a BPF program takes the instructions of a real kernel",
          "[tools][bench]") {
    if (!have_targets()) return;
    for (const Measured& m :
         {Measured{"v6.12", "uprobe-ret", 1, 939}, Measured{"v6.12", "uprobe-push", 2, 1699},
          Measured{"v6.1", "uprobe-ret", 1, 1217}, Measured{"v6.1", "uprobe-push", 2, 1983}}) {
        INFO(m.kernel << " " << m.variant);
        TriggerRequest request = request_for(m.kernel, m.variant);
        request.settings = {{"kernel.consumer", "perf"}};
        const TriggerCounts counts = counted(request);
        const PriceList prices(load_machine_profile("kunpeng916", {}).value(),
                               load_kernel_profile(m.kernel, request.settings).value());
        CHECK(price_trigger(counts, prices).kernel_insns == Approx(m.insns).epsilon(0.02));
    }
}

TEST_CASE("a stepped instruction runs once more at EL0 than an emulated one", "[tools][bench]") {
    if (!have_targets()) return;
    const TriggerCounts stepped = counted(request_for("next-20241104", "uprobe-push"));
    const TriggerCounts emulated = counted(request_for("next-20241104+stp", "uprobe-push"));
    // bl, brk, (slot,) mov, bl, ret, mov, ldp, ret, subs, b.ne
    CHECK(stepped.user_insns == 11 * stepped.iterations);
    CHECK(emulated.user_insns == 10 * emulated.iterations);
    CHECK(taken(stepped, ExceptionClass::SoftwareStep) == stepped.iterations);
    CHECK(taken(emulated, ExceptionClass::SoftwareStep) == 0);
    CHECK(stepped.verdict == "step");
    CHECK(emulated.verdict == "stp_fp_lr");
}

TEST_CASE("a hypothetical design takes the exceptions and the slot work it has", "[tools][bench]") {
    if (!have_targets()) return;
    struct Design {
        const char* kernel;
        std::uint64_t breakpoints, steps, copies, insns;  // of one steady hit
    };
    // A BRK after the slot is one more instruction at EL0, and an exception of its own class.
    for (const Design& d :
         {Design{"next-20241104", 1, 1, 1, 11}, Design{"whatif-brk-after-slot", 2, 0, 1, 12},
          Design{"whatif-slot-per-uprobe", 1, 1, 0, 11},
          Design{"whatif-prefilled-slots", 1, 1, 0, 11},
          Design{"whatif-brk-and-slot-per-uprobe", 2, 0, 0, 12}}) {
        INFO(d.kernel);
        const TriggerCounts counts = counted(request_for(d.kernel, "uprobe-push"));
        const auto copies =
            counts.paths[static_cast<std::size_t>(KernelPath::UprobeSlotCopy)].times;
        CHECK(taken(counts, ExceptionClass::Brk) == d.breakpoints * counts.iterations);
        CHECK(taken(counts, ExceptionClass::SoftwareStep) == d.steps * counts.iterations);
        CHECK(copies == d.copies * counts.iterations);
        CHECK(counts.user_insns == d.insns * counts.iterations);
    }
}

TEST_CASE("with branch protection every target begins with an instruction that is stepped",
          "[tools][bench]") {
    if (!have_targets()) return;
    for (const char* variant : {"uprobe-nop", "uprobe-push", "uprobe-ret"}) {
        INFO(variant);
        TriggerRequest request = request_for("next-20241104+stp", variant);
        request.branch_protection = true;
        const TriggerCounts counts = counted(request);
        CHECK(counts.verdict == "step");
        CHECK(taken(counts, ExceptionClass::SoftwareStep) == counts.iterations);
    }
}

TEST_CASE("a benchmark line reads as the kernel's", "[tools][bench]") {
    // As posted, but for the deviation.
    CHECK(bench_line(parse_trigger_variant("uprobe-nop").value(), 2.044) ==
          "uprobe-nop ( 1 cpus): 2.044 ± 0.000M/s ( 2.044M/s/cpu)");
    CHECK_FALSE(parse_trigger_variant("uprobe-nap").has_value());
    CHECK(all_trigger_variants().size() == 6);
}

// An empty program's hit and bpftrace's own programs over it, on the same kernels.
TEST_CASE("a hit with a handler takes the instructions of a real one", "[tools][bench][handlers]") {
    if (!have_targets()) return;
    constexpr struct {
        const char *kernel, *variant, *handler;
        double insns;
    } kRows[] = {
        {"v6.12", "uprobe-ret", "count", 912 + 106},
        {"v6.12", "uprobe-push", "count", 1672 + 106},
        {"v6.12", "uprobe-ret", "hist", 912 + 468},
        {"v6.12", "uretprobe-ret", "hist", 1752 + 468},
        {"v6.12", "uprobe-ret", "printf:1", 912 + 2484},
        {"v6.12", "uretprobe-ret", "latency-pair", 2014 + 1683},
        {"v6.1", "uprobe-ret", "count", 1331 + 125},
        {"v6.1", "uprobe-push", "count", 2098 + 125},
        {"v6.1", "uretprobe-ret", "hist", 2592 + 496},
        {"v6.1", "uprobe-ret", "printf:1", 1331 + 2648},
        {"v6.1", "uretprobe-push", "latency-pair", 3766 + 1824},
    };
    for (const auto& row : kRows) {
        INFO(row.kernel << ", " << row.variant << ", " << row.handler);
        TriggerRequest request = request_for(row.kernel, row.variant);
        request.handler = find_handler(row.handler).value();
        request.warm_up = 4;
        request.hits = 8;
        const TriggerCounts counts = counted(request);
        const auto machine = load_machine_profile("kunpeng916", {});
        const auto kernel = load_kernel_profile(row.kernel, {});
        REQUIRE(machine);
        REQUIRE(kernel);
        const TriggerCost cost = price_trigger(counts, PriceList(*machine, *kernel));
        CHECK(cost.kernel_insns == Approx(row.insns).epsilon(0.02));
    }
}

}  // namespace uprobesim
