// SPDX-License-Identifier: GPL-2.0-or-later
// What CPUs wait for each other, held against runs: of threads that do nothing but take hits, and
// of threads that do something else in between.
#include "tools/estimate/contended.h"

#include <catch2/catch.hpp>

#include "sim/profile/kernel_profile.h"
#include "tools/bench/producers.h"
#include "tools/bench/trigger_programs.h"
#include "tools/estimate/estimate.h"

using namespace uprobesim;

namespace {

constexpr std::uint32_t kPushWord = 0xa9bf7bfd, kRetWord = 0xd65f03c0;

struct Variant {
    const char* name;
    std::uint32_t word;
};
constexpr Variant kStepped{"uprobe-push", kPushWord}, kEmulated{"uprobe-ret", kRetWord};

bool have_targets() {
    if (!trigger_programs().empty()) return true;
    WARN("skipped: built without an arm64 cross compiler");
    return false;
}

TriggerRequest trigger(const Variant& variant, const char* kernel) {
    TriggerRequest request;
    request.kernel = kernel;
    request.machine = "kunpeng916";
    request.variant = parse_trigger_variant(variant.name).value();
    return request;
}

EstimateTarget probed(std::uint32_t word, std::optional<double> rate) {
    EstimateTarget t;
    t.binary = "/bin/x";
    t.function = "f";
    t.words = {word};
    t.rate = rate;
    return t;
}

EstimateReport estimated_on(std::vector<EstimateTarget> targets, const char* kernel,
                            unsigned cpus) {
    EstimateRequest request{std::move(targets), {kernel}, {"kunpeng916"}, {}, {}};
    request.hitting = HittingCpus{cpus, {}};
    auto report = estimate(request);
    if (!report) FAIL(report.error().line());
    return std::move(*report);
}

struct Ran {
    double hits_per_s = 0;
    double waits_ns = 0;  // a hit
};
// Threads that do something else between their hits, for `pause` turns of a loop on average.
Ran run_paced(const Variant& variant, const char* kernel, unsigned threads, unsigned pause) {
    const TriggerRequest request = trigger(variant, kernel);
    const auto hit = record_hit(request);
    REQUIRE(hit);
    const auto machine = load_machine_profile("kunpeng916", {}).value();
    const auto places = places_for({}, *machine.contention, threads);
    REQUIRE(places);
    ProducersStart start;
    start.hits = 300;
    const auto run = run_producers(request, *hit, *places, start, pause);
    if (!run) FAIL(run.error().line());
    const double ns = 1e9 / machine.frequency_hz.value;
    return {run->hits_per_cycle() * machine.frequency_hz.value,
            in_cycles(run->waited()) * ns / static_cast<double>(run->hits)};
}

}  // namespace

TEST_CASE("a hit's steps follow from its paths as those of a run are", "[estimate][contention]") {
    if (!have_targets()) return;
    for (const char* kernel : {"v6.1", "v6.12", "v6.13+stp", "v6.14", "new"}) {
        for (const Variant& variant : {kStepped, kEmulated}) {
            INFO(kernel << ", " << variant.name);
            const auto recorded = record_hit(trigger(variant, kernel));
            REQUIRE(recorded);
            const auto profile = load_kernel_profile(kernel, {}).value();
            const auto machine = load_machine_profile("kunpeng916", {}).value();
            const RecordedHit ours =
                steps_of(steady_hit(profile, variant.word, {}), PriceList(machine, profile),
                         AccessPlan(machine, profile));
            std::vector<RecordedStep> theirs, made;
            for (const RecordedLeg& leg : recorded->legs)
                for (const RecordedStep& step : leg.steps)
                    if (step.is_access) theirs.push_back(step);
            for (const RecordedLeg& leg : ours.legs)
                for (const RecordedStep& step : leg.steps)
                    if (step.is_access) made.push_back(step);
            CHECK(made == theirs);
        }
    }
}

TEST_CASE("CPUs that do nothing else take as many hits as threads that are run",
          "[estimate][contention]") {
    if (!have_targets()) return;
    for (const char* kernel : {"v6.12", "next-20241104"}) {
        for (const Variant& variant : {kStepped, kEmulated}) {
            const TriggerRequest request = trigger(variant, kernel);
            const auto hit = record_hit(request);
            REQUIRE(hit);
            for (const unsigned cpus : {2U, 8U, 32U}) {
                ProducersRequest wanted;
                wanted.producers = {cpus};
                wanted.real_threads = true;
                wanted.starts = 4;
                const auto run =
                    sweep(request, *hit, load_machine_profile("kunpeng916", {}).value(), wanted);
                if (!run) FAIL(run.error().line());
                const auto report = estimated_on({probed(variant.word, {})}, kernel, cpus);
                const HitEstimate& ours = report.places.front().hits.front();
                INFO(kernel << ", " << variant.name << " on " << cpus << ": "
                            << ours.nonstop_per_s / 1e6 << " and " << run->front().mean());
                CHECK(ours.nonstop_per_s / 1e6 == Approx(run->front().mean()).epsilon(0.03));
                CHECK(ours.range.ns == Approx(cpus * 1e9 / ours.nonstop_per_s).epsilon(0.02));
            }
        }
    }
}

TEST_CASE("at a rate a hit waits as long as it does in a run that has that rate",
          "[estimate][contention]") {
    if (!have_targets()) return;
    for (const Variant& variant : {kStepped, kEmulated}) {
        for (const unsigned cpus : {2U, 4U, 8U, 16U}) {
            for (const unsigned pause : {1500U, 6000U}) {
                const Ran run = run_paced(variant, "v6.12", cpus, pause);
                const auto report =
                    estimated_on({probed(variant.word, run.hits_per_s)}, "v6.12", cpus);
                const HitEstimate& ours = report.places.front().hits.front();
                INFO(variant.name << " on " << cpus << ", pause " << pause << ", " << run.hits_per_s
                                  << "/s: " << ours.waits_ns << " of " << ours.range.ns << ", run "
                                  << run.waits_ns);
                const double alone = ours.range.ns - ours.waits_ns;
                // From about the rate on that CPUs take which hit nonstop, it is had in two ways:
                // by CPUs that seldom meet, which are estimated, and by ones that are in each
                // other's way. The range is so wide there.
                const double ran = alone + run.waits_ns;
                if (run.hits_per_s > 0.95 * ours.nonstop_per_s) {
                    CHECK(ours.range.low_ns < ran);
                    CHECK(ran < ours.range.high_ns);
                } else {
                    CHECK(ours.range.ns == Approx(ran).epsilon(0.03));
                }
            }
        }
    }
}

TEST_CASE("a lone CPU waits for nobody", "[estimate][contention]") {
    const auto alone = estimated_on({probed(kPushWord, 1000)}, "v6.12", 1);
    CHECK(alone.places.front().hits.front().waits_ns == 0);
    EstimateRequest request{{probed(kPushWord, 1000)}, {"v6.12"}, {"kunpeng916"}, {}, {}};
    const auto plain = estimate(request);
    REQUIRE(plain);
    CHECK(plain->places.front().hits.front().range.ns ==
          Approx(alone.places.front().hits.front().range.ns));
    CHECK(plain->places.front().total.range.high_ns ==
          Approx(alone.places.front().total.range.high_ns));
}

TEST_CASE("waiting becomes more with the rate and with the CPUs, and its range holds it",
          "[estimate][contention]") {
    const auto waits = [](double rate, unsigned cpus) {
        const auto report = estimated_on({probed(kRetWord, rate)}, "v6.12", cpus);
        const HitEstimate& hit = report.places.front().hits.front();
        CHECK(hit.range.low_ns < hit.range.ns);
        CHECK(hit.range.high_ns > hit.range.ns);
        return hit.waits_ns;
    };
    CHECK(waits(100e3, 8) < waits(1e6, 8));
    CHECK(waits(1e6, 2) < waits(1e6, 16));
    CHECK(waits(1, 8) < 1000);
}

TEST_CASE("rates that the CPUs do not reach are said to be impossible", "[estimate][contention]") {
    const auto report = estimated_on({probed(kPushWord, 1e9)}, "v6.12", 8);
    const PlaceEstimate& place = report.places.front();
    REQUIRE(place.waiting);
    CHECK_FALSE(place.waiting->reaches);
    CHECK(place.waiting->nonstop_per_s == Approx(place.hits.front().nonstop_per_s).epsilon(0.02));
    CHECK(estimated_on({probed(kPushWord, 1e4)}, "v6.12", 8).places.front().waiting->reaches);
}

TEST_CASE("probes of one process wait for each other", "[estimate][contention]") {
    EstimateTarget other = probed(kRetWord, 1e6);
    other.file_offset = 64;
    const auto both = estimated_on({probed(kRetWord, 1e6), other}, "v6.12", 8);
    const auto one = estimated_on({probed(kRetWord, 1e6)}, "v6.12", 8);
    CHECK(both.places.front().hits.front().waits_ns > one.places.front().hits.front().waits_ns);
}
