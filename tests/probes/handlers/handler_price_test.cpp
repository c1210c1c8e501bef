// SPDX-License-Identifier: GPL-2.0-or-later
// Prices of handlers compared with what real kernels executed.
#include <catch2/catch.hpp>
#include <cmath>

#include "probes/handlers/bpftrace_handler.h"
#include "probes/handlers/handler.h"
#include "probes/handlers/program_parts.h"
#include "probes/hit/handler_work.h"
#include "sim/profile/kernel_profile.h"
#include "tests/probes/handlers/measured_handlers.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

constexpr double kTolerance = 0.03;
// A short key or record costs a little more or less than the line through longer ones: about one
// hundredth of a hit.
constexpr double kFewInsns = 11;

KernelProfile kernel(const char* name) {
    auto profile = load_kernel_profile(name, {});
    REQUIRE(profile);
    return std::move(*profile);
}

double price(const KernelProfile& kernel, const std::vector<PathUse>& uses) {
    double insns = 0;
    for (const PathUse& use : uses) {
        const PathCost& cost = kernel.paths[static_cast<std::size_t>(use.path)];
        insns += cost.insns + cost.insns_per_unit * static_cast<double>(use.units);
    }
    return insns;
}

void check_close(double priced, double measured) {
    CHECK(std::abs(priced - measured) <= std::max(kTolerance * measured, kFewInsns));
}

}  // namespace

TEST_CASE(
    "a helper, map operation or consumer costs what a real kernel executed, at sizes that its "
    "price was not made of",
    "[handlers]") {
    const KernelProfile v612 = kernel("v6.12"), v61 = kernel("v6.1");
    for (const MeasuredCall& row : kMeasuredCalls) {
        const auto call = find_handler_call(row.call);
        REQUIRE(call);
        const PathUse use{call->path, call->units(row.size)};
        const std::vector<PathUse> uses(row.times, use);
        INFO(row.what);
        check_close(price(v612, uses) + row.v612.jit, row.v612.over_empty);
        check_close(price(v61, uses) + row.v61.jit, row.v61.over_empty);
    }
}

TEST_CASE("a bpftrace program costs within 3 % of what the real one executed", "[handlers]") {
    const KernelProfile v612 = kernel("v6.12"), v61 = kernel("v6.1");
    for (const MeasuredProgram& row : kMeasuredPrograms) {
        const auto clauses = read_bpftrace_program(row.program, "program");
        REQUIRE(clauses);
        double on_v612 = 0, on_v61 = 0;
        for (const BpftraceHandler& handler : bpftrace_handlers(*clauses)) {
            const auto uses = uses_of(handler.handler->parts, row.frames);
            on_v612 += price(v612, uses);
            on_v61 += price(v61, uses);
        }
        INFO(row.program << ": " << on_v612 << " and " << on_v61);
        CHECK(std::abs(on_v612 - row.v612) <= kTolerance * row.v612);
        CHECK(std::abs(on_v61 - row.v61) <= kTolerance * row.v61);
    }
}

TEST_CASE("a built-in handler costs within 3 % of what a real kernel executed", "[handlers]") {
    const KernelProfile v612 = kernel("v6.12"), v61 = kernel("v6.1");
    for (const MeasuredHandler& row : kMeasuredHandlers) {
        const auto handler = find_handler(row.handler);
        REQUIRE(handler);
        auto uses = uses_of((*handler)->parts, row.frames);
        const auto first = uses_of((*handler)->at_entry, row.frames);
        uses.insert(uses.end(), first.begin(), first.end());
        INFO(row.handler << ", " << row.frames << " frames: " << price(v612, uses) << " and "
                         << price(v61, uses));
        CHECK(std::abs(price(v612, uses) - row.v612) <= kTolerance * row.v612);
        CHECK(std::abs(price(v61, uses) - row.v61) <= kTolerance * row.v61);
    }
}

TEST_CASE("each further perf event costs what a real kernel executed for it", "[handlers]") {
    const KernelProfile v612 = kernel("v6.12"), v61 = kernel("v6.1");
    const auto empty = find_handler("empty");
    REQUIRE(empty);
    for (const MeasuredConsumers& row : kMeasuredConsumers) {
        const auto insns = [&](const KernelProfile& on, unsigned count) {
            HandlerWork work;
            for (unsigned i = 0; i < count; ++i) work.add(empty->get(), row.of_return);
            return price(on, entry_uses(work, count, std::nullopt)) +
                   price(on, return_uses(work, row.of_return ? count : 0, std::nullopt));
        };
        INFO(row.count << (row.of_return ? " return" : "") << " consumers");
        check_close(insns(v612, row.count) - insns(v612, 1), row.v612);
        check_close(insns(v61, row.count) - insns(v61, 1), row.v61);
    }
}

TEST_CASE("each further program of one event costs what a real kernel executed for it",
          "[handlers]") {
    const KernelProfile v612 = kernel("v6.12"), v61 = kernel("v6.1");
    for (const MeasuredPrograms& row : kMeasuredProgramsOfOne) {
        std::string word = "empty";
        for (unsigned p = 1; p < row.count; ++p) word += "+empty";
        const auto handler = find_handler(word);
        REQUIRE(handler);
        HandlerWork work;
        work.add(handler->get(), false);
        INFO(word);
        const auto insns = [&](const KernelProfile& on) {
            HandlerWork one;
            one.add(find_handler("empty")->get(), false);
            return price(on, entry_uses(work, 1, std::nullopt)) -
                   price(on, entry_uses(one, 1, std::nullopt));
        };
        CHECK(insns(v612) == row.v612);
        CHECK(insns(v61) == row.v61);
    }
}

TEST_CASE("counted runs of programs cost what a real kernel executed for it", "[handlers]") {
    // An empty program with kernel.bpf_stats_enabled, over one without.
    const struct {
        const char* kernel;
        double measured;
    } rows[] = {{"v6.12", 119}, {"v6.1", 108}};
    for (const auto& row : rows) {
        const auto counting = load_kernel_profile(row.kernel, {{"kernel.bpf-stats", "yes"}});
        REQUIRE(counting);
        const KernelProfile plain = kernel(row.kernel);
        CHECK(price(*counting, entry_statistics(*counting, {}, 1, 0)) == row.measured);
        CHECK(entry_statistics(plain, {}, 1, 0).empty());
        // Each program that runs, and nothing of what is none: perf's and ftrace's events.
        HandlerWork work;
        for (const char* word : {"count+hist", "ftrace", "perf-record:1", "none"})
            work.add(find_handler(word)->get(), false);
        work.add(find_handler("latency-pair")->get(), true);
        CHECK(entry_statistics(*counting, work, 6, 1).size() == 3);
        CHECK(return_statistics(*counting, work, 1).size() == 1);
    }
}

TEST_CASE("uprobe_multi links cost what a real kernel executed for them", "[handlers]") {
    const KernelProfile v612 = kernel("v6.12");
    const ProbeHandler event;
    ProbeHandler link;
    link.link = ConsumerLink::UprobeMulti;
    const auto insns = [&](const ProbeHandler& handler, unsigned count, bool of_return) {
        HandlerWork work;
        for (unsigned i = 0; i < count; ++i) work.add(&handler, of_return);
        return price(v612, entry_uses(work, count, std::nullopt)) +
               price(v612, return_uses(work, of_return ? count : 0, std::nullopt));
    };
    for (const MeasuredLinks& row : kMeasuredLinks) {
        INFO(row.count << (row.of_return ? " return" : "") << " links");
        CHECK(insns(link, row.count, row.of_return) - insns(event, 1, row.of_return) == row.v612);
    }
}

TEST_CASE("printf's wake-up is a part of its own", "[handlers]") {
    const auto handler = find_handler("printf:1");
    REQUIRE(handler);
    const KernelProfile v612 = kernel("v6.12");
    double without = 0;
    bool wakes = false;
    for (const HandlerPart& part : (*handler)->parts) {
        if (part.use.path == KernelPath::BpfPerfOutputWakeup)
            wakes = true;
        else
            without += price(v612, {part.use});
    }
    CHECK(wakes);
    // Measured without a wake-up: 693, with one instruction more or less for each value.
    check_close(without, 693);
}
