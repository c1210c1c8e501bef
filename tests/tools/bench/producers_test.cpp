// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/bench/producers.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/bench/producers_report.h"
#include "tools/bench/trigger_programs.h"

namespace uprobesim {
namespace {

TriggerRequest request_for(const char* kernel, const char* variant) {
    TriggerRequest request;
    request.kernel = kernel;
    request.machine = "kunpeng916";
    request.variant = parse_trigger_variant(variant).value();
    return request;
}

MachineProfile machine() {
    return load_machine_profile("kunpeng916", {}).value();
}

RecordedHit recorded(const TriggerRequest& request) {
    auto hit = record_hit(request);
    if (!hit) FAIL(hit.error().line());
    return *hit;
}

bool have_targets() {
    if (!trigger_programs().empty()) return true;
    WARN("skipped: built without an arm64 cross compiler");
    return false;
}

std::size_t accesses_of(const RecordedHit& hit, SharedLine line) {
    std::size_t count = 0;
    for (const RecordedLeg& leg : hit.legs)
        count += static_cast<std::size_t>(std::count_if(
            leg.steps.begin(), leg.steps.end(),
            [&](const RecordedStep& step) { return step.is_access && step.line == line; }));
    return count;
}

}  // namespace

TEST_CASE("a recorded hit takes alone what the benchmark says an iteration takes",
          "[tools][bench]") {
    if (!have_targets()) return;
    for (const char* const kernel : {"v6.1", "v6.12", "v6.13", "new"}) {
        for (const char* const variant : {"uprobe-nop", "uprobe-push", "uretprobe-ret"}) {
            CAPTURE(kernel, variant);
            const TriggerRequest request = request_for(kernel, variant);
            const auto counts = count_trigger(request);
            REQUIRE(counts.has_value());
            const PriceList prices(machine(), load_kernel_profile(kernel, {}).value());
            CHECK(in_cycles(recorded(request).alone()) ==
                  Approx(price_trigger(*counts, prices).cycles()).epsilon(1e-6));
        }
    }
}

TEST_CASE("a hit touches the lines that its kernel shares", "[tools][bench]") {
    if (!have_targets()) return;
    const auto lines = [](const char* kernel, const char* variant, SharedLine line) {
        return accesses_of(recorded(request_for(kernel, variant)), line);
    };
    CHECK(lines("v6.12", "uprobe-ret", SharedLine::MmapLock) == 2);
    CHECK(lines("new", "uprobe-ret", SharedLine::MmapLock) == 0);
    CHECK(lines("v6.1", "uprobe-ret", SharedLine::TreeLock) == 1);
    CHECK(lines("v6.1", "uprobe-ret", SharedLine::HitCounter) == 1);
    CHECK(lines("v6.12", "uprobe-ret", SharedLine::HitCounter) == 0);
    CHECK(lines("v6.12", "uprobe-push", SharedLine::Siglock) == 1);
    CHECK(lines("v6.13", "uprobe-push", SharedLine::Siglock) == 1);
    CHECK(lines("new", "uprobe-push", SharedLine::Siglock) == 0);
    CHECK(lines("v6.13+stp", "uprobe-push", SharedLine::SlotBitmap) == 0);
}

// The threads begin otherwise, take interrupts and first hits: their order at a line is another
// one. The same within some per cent, and where single starts of either are ten or more from the
// mean, within that.
TEST_CASE("threads that run agree with a recorded hit that is repeated", "[tools][bench]") {
    if (!have_targets()) return;
    struct Point {
        const char *kernel, *variant;
        unsigned producers;
        double within;
    };
    constexpr Point kPoints[] = {{"v6.13", "uprobe-ret", 2, 0.02},
                                 {"v6.13", "uprobe-push", 4, 0.02},
                                 {"v6.11-rc1+slot-cache", "uprobe-nop", 32, 0.12},
                                 {"v6.11-rc1+slot-cache", "uprobe-ret", 64, 0.06}};
    for (const Point& point : kPoints) {
        CAPTURE(point.kernel, point.variant, point.producers);
        const TriggerRequest request = request_for(point.kernel, point.variant);
        const RecordedHit hit = recorded(request);
        ProducersRequest wanted;
        wanted.producers = {point.producers};
        wanted.starts = 24;
        const auto repeated = sweep(request, hit, machine(), wanted);
        wanted.real_threads = true;
        wanted.starts = 4;
        const auto run = sweep(request, hit, machine(), wanted);
        REQUIRE(repeated.has_value());
        if (!run) FAIL(run.error().line());
        CHECK(run->front().mean() == Approx(repeated->front().mean()).epsilon(point.within));
    }
}

TEST_CASE("producers are put side by side, far apart, or where they are listed", "[tools][bench]") {
    const ContentionFigures figures = machine().contention.value();
    CHECK(places_for({}, figures, 3) == std::vector<unsigned>{0, 1, 2});
    // Two sockets of two dies of two L3 groups of two clusters.
    CHECK(places_for({Pinning::Scatter, {}}, figures, 4) == std::vector<unsigned>{0, 32, 16, 48});
    CHECK(places_for({Pinning::List, {9, 7, 5}}, figures, 2) == std::vector<unsigned>{9, 7});
    CHECK_FALSE(places_for({Pinning::List, {9}}, figures, 2).has_value());
}

TEST_CASE("two producers wait longer the farther they are apart", "[tools][bench]") {
    if (!have_targets()) return;
    const TriggerRequest request = request_for("v6.12", "uprobe-ret");
    const RecordedHit hit = recorded(request);
    double last = 1e9;
    for (const unsigned other : {1U, 4U, 32U}) {
        ProducersRequest wanted;
        wanted.producers = {2};
        wanted.pin = {Pinning::List, {0, other}};
        const auto rows = sweep(request, hit, machine(), wanted);
        REQUIRE(rows.has_value());
        CHECK(rows->front().mean() < last);
        last = rows->front().mean();
    }
}

TEST_CASE("a row's line is the benchmark's own, with the deviation of the starts",
          "[tools][bench]") {
    ProducersRow row;
    row.producers = 8;
    row.rates = {3, 4, 5};
    CHECK(producers_line(parse_trigger_variant("uprobe-push").value(), row) ==
          "uprobe-push ( 8 cpus): 4.000 ± 1.000M/s ( 0.500M/s/cpu)");
    row.producers = 16;
    CHECK(producers_line(parse_trigger_variant("uprobe-push").value(), row) ==
          "uprobe-push (16 cpus): 4.000 ± 1.000M/s ( 0.250M/s/cpu)");
}

}  // namespace uprobesim
