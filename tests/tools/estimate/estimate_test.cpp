// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/estimate/estimate.h"

#include <catch2/catch.hpp>

#include "sim/profile/kernel_profile.h"
#include "tools/bench/trigger_bench.h"

using namespace uprobesim;

namespace {

constexpr std::uint32_t kNop = 0xd503201f, kPush = 0xa9bf7bfd, kRet = 0xd65f03c0;
constexpr std::uint32_t kSubSp = 0xd10083ff, kAdrp = 0x90000001, kLdxr = 0xc85f7c00;
constexpr std::uint32_t kPaciasp = 0xd503233f, kRetaa = 0xd65f0bff, kSvc = 0xd4000001;

EstimateTarget target(std::vector<std::uint32_t> words, std::optional<double> rate = {},
                      bool wants_return = false) {
    EstimateTarget t;
    t.binary = "/bin/x";
    t.function = "f";
    t.words = std::move(words);
    t.wants_return = wants_return;
    t.rate = rate;
    return t;
}

EstimateReport estimated(std::vector<EstimateTarget> targets,
                         std::vector<std::string> kernels = {"v6.12"},
                         std::optional<double> budget = {}) {
    auto report = estimate({std::move(targets), std::move(kernels), {"kunpeng916"}, {}, budget});
    if (!report) FAIL(report.error().line());
    return std::move(*report);
}

}  // namespace

TEST_CASE("an estimated hit costs what the same hit costs when it is run", "[estimate]") {
    struct Row {
        const char* target;
        std::uint32_t word;
    };
    for (const Row& row : {Row{"nop", kNop}, Row{"push", kPush}, Row{"ret", kRet}}) {
        for (const char* kernel : {"v6.12", "next-20241104", "next-20241104+stp", "new"}) {
            for (const bool wants_return : {false, true}) {
                INFO(row.target << " on " << kernel << (wants_return ? ", return" : ""));
                TriggerRequest request;
                request.variant = {wants_return, row.target};
                request.kernel = kernel;
                request.machine = "kunpeng916";
                // A hit fewer than a tick apart: no interrupt is in the counts.
                request.warm_up = 4;
                request.hits = 8;
                const auto run = count_trigger(request);
                REQUIRE(run);
                const auto machine = load_machine_profile("kunpeng916", {});
                const auto profile = load_kernel_profile(kernel, {});
                REQUIRE(machine);
                REQUIRE(profile);
                const TriggerCost cost = price_trigger(*run, PriceList(*machine, *profile));
                const double ns =
                    (cost.path_cycles + cost.exception_cycles) * 1e9 / machine->frequency_hz.value;
                const auto report = estimated({target({row.word}, {}, wants_return)}, {kernel});
                const HitEstimate& hit = report.places.front().hits.front();
                CHECK(hit.range.ns == Approx(ns).epsilon(1e-6));
                CHECK(hit.exceptions * run->iterations == run->exceptions_taken());
                CHECK(hit.el1_insns == Approx(cost.kernel_insns));
            }
        }
    }
}

TEST_CASE("a second's hits cost their number times one, and the range holds the cost",
          "[estimate]") {
    const auto one = estimated({target({kPush})});
    const auto many = estimated({target({kPush}, 1000), target({kPush}, 500)});
    const double hit = one.places[0].hits[0].range.ns;
    CHECK(many.places[0].total.range.ns == Approx(1500 * hit));
    CHECK(many.places[0].total.range.low_ns < many.places[0].total.range.ns);
    CHECK(many.places[0].total.range.high_ns > many.places[0].total.range.ns);
    // Errors of a figure move both probes together: the range grows as the cost does.
    const auto width = [](const VariedPrices::Range& r) { return (r.high_ns - r.low_ns) / r.ns; };
    CHECK(width(many.places[0].total.range) == Approx(width(one.places[0].hits[0].range)));
}

TEST_CASE("a refused probe costs nothing and is told as refused", "[estimate]") {
    const auto report = estimated({target({kLdxr}, 1000), target({kRet}, 1000)});
    CHECK(report.places[0].hits[0].verdict.kind == VerdictKind::Reject);
    CHECK(report.places[0].total.range.ns == Approx(1000 * report.places[0].hits[1].range.ns));
}

TEST_CASE("the budget is kept or not by all probes together", "[estimate]") {
    const double hit = estimated({target({kPush})}).places[0].hits[0].range.ns;
    const double rate = 0.01 * 1e9 / hit;  // 1 % of a CPU
    const auto within = estimated({target({kPush}, rate)}, {"v6.12"}, 0.02);
    CHECK_FALSE(within.over_budget(within.places[0]));
    const auto beyond =
        estimated({target({kPush}, rate), target({kPush}, 1.1 * rate)}, {"v6.12"}, 0.02);
    CHECK(beyond.over_budget(beyond.places[0]));
}

TEST_CASE("an emulated instruction further on is advised only where it is always executed",
          "[estimate]") {
    const auto advises_moving = [](const std::vector<std::uint32_t>& words) {
        const auto report = estimated({target(words, 1000)});
        return std::any_of(report.advice.begin(), report.advice.end(),
                           [](const auto& advice) { return advice.what.starts_with("probe "); });
    };
    CHECK(advises_moving({kSubSp, kAdrp}));
    CHECK(advises_moving({kSubSp, kSubSp, kAdrp}));
    CHECK_FALSE(advises_moving({kSubSp, kSubSp}));
    CHECK_FALSE(advises_moving({kAdrp, kAdrp}));  // emulated already
    CHECK(advises_moving({kPaciasp, kAdrp}));
    CHECK_FALSE(advises_moving({kSubSp, kRetaa, kAdrp}));
    CHECK_FALSE(advises_moving({kSubSp, kSvc, kAdrp}));
}

TEST_CASE("the STP emulation is advised for a push and not for a NOP", "[estimate]") {
    const auto gain = [](std::uint32_t word) {
        const auto report = estimated({target({word}, 1000)}, {"v6.13"});
        const auto stp = std::find_if(report.advice.begin(), report.advice.end(),
                                      [](const auto& a) { return a.what == "kernel v6.13+stp"; });
        return stp == report.advice.end() ? 0 : report.places.front().total.range.ns - stp->ns;
    };
    CHECK(gain(kPush) > 0);
    CHECK(gain(kNop) == 0);
}

TEST_CASE("an estimated hit with a handler costs what it costs when it is run",
          "[estimate][handlers]") {
    for (const char* name : {"printf:2", "hist", "perf-record:1"}) {
        INFO(name);
        const auto handler = find_handler(name);
        REQUIRE(handler);
        TriggerRequest request;
        request.variant = {false, "ret"};
        request.kernel = "v6.12";
        request.machine = "kunpeng916";
        request.handler = *handler;
        request.warm_up = 4;
        request.hits = 8;
        const auto run = count_trigger(request);
        REQUIRE(run);
        const auto machine = load_machine_profile("kunpeng916", {});
        const auto profile = load_kernel_profile("v6.12", {});
        REQUIRE(machine);
        REQUIRE(profile);
        const TriggerCost cost = price_trigger(*run, PriceList(*machine, *profile));
        EstimateTarget probed = target({kRet});
        probed.consumers.emplace();
        probed.consumers->handlers.add(handler->get(), false);
        const auto report = estimated({probed});
        CHECK(report.places.front().hits.front().el1_insns == Approx(cost.kernel_insns));
        CHECK(report.places.front().hits.front().range.ns ==
              Approx((cost.path_cycles + cost.exception_cycles) * 1e9 / machine->frequency_hz.value)
                  .epsilon(1e-6));
    }
}
