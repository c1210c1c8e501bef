// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/bench/producers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernel_model/hooks/leg_watch.h"
#include "kernel_model/task/scheduler.h"
#include "sim/base/try.h"
#include "tools/bench/trigger_target.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kRecorded = 24;  // iterations; the first ones make the page of slots

// The legs of the last iterations of a lone thread.
class Recorder final : public LegWatch {
public:
    void begun(unsigned, CentiCycles at, const Legs& legs) override {
        RecordedLeg leg{at - over_, {}};
        for (const ProgramStep& step : legs.of(0).program) {
            const bool is_access = step.line != kNoLine;
            leg.steps.push_back({is_access,
                                 is_access ? legs.lines().kind_of(step.line) : SharedLine::MmapLock,
                                 step.kind, step.amount});
        }
        legs_.push_back(std::move(leg));
    }
    void over(unsigned, CentiCycles at, const Legs&) override { over_ = at; }

    const std::vector<RecordedLeg>& legs() const { return legs_; }

private:
    CentiCycles over_;
    std::vector<RecordedLeg> legs_;
};

// Counts the hits of all threads and ends the run after the last that is wanted.
class HitClock final : public LegWatch {
public:
    HitClock(std::uint64_t legs_of_a_hit, std::uint64_t warm, std::uint64_t total)
        : each_(legs_of_a_hit), warm_(warm * legs_of_a_hit), total_(total * legs_of_a_hit) {}

    void begun(unsigned, CentiCycles, const Legs&) override {}
    void over(unsigned, CentiCycles at, const Legs& legs) override {
        if (over_ == total_) return;
        ++over_;
        if (over_ == warm_) {
            begin_ = at;
            before_ = legs.lines().uses();
        }
        if (over_ != total_) return;
        outcome_.hits = (total_ - warm_) / each_;
        outcome_.time = at - begin_;
        outcome_.uses = legs.lines().uses();
        for (std::size_t l = 0; l < kSharedLineCount; ++l) outcome_.uses[l] -= before_[l];
    }
    bool wants_end() const override { return over_ == total_; }
    const ProducersOutcome& outcome() const { return outcome_; }

private:
    std::uint64_t each_, warm_, total_, over_ = 0;
    CentiCycles begin_;
    std::array<LineUse, kSharedLineCount> before_{};
    ProducersOutcome outcome_;
};

// Of an iteration that touches no shared line: nothing but its cycles is to be known.
Result<RecordedHit> hit_without_lines(const TriggerRequest& request) {
    auto machine = TRY(load_machine_profile(request.machine, request.settings));
    auto kernel = TRY(load_kernel_profile(request.kernel, request.settings));
    const auto counts = TRY(count_trigger(request));
    const double cycles = price_trigger(counts, PriceList(machine, kernel)).cycles();
    return RecordedHit{{{from_cycles(cycles), {}}}};
}

void add(ProducersRow& row, const ProducersOutcome& outcome, double hz) {
    row.rates.push_back(outcome.hits_per_cycle() * hz / 1e6);
    row.hits += outcome.hits;
    for (std::size_t l = 0; l < kSharedLineCount; ++l) row.uses[l] += outcome.uses[l];
}

void settle(ProducersRow& row, const RecordedHit& hit) {
    std::sort(row.rates.begin(), row.rates.end());
    row.own_cycles = in_cycles(hit.alone());
    for (std::size_t l = 0; l < kSharedLineCount; ++l) {
        row.waited_by_line[l] = in_cycles(row.uses[l].waited) / static_cast<double>(row.hits);
        row.waited_cycles += row.waited_by_line[l];
    }
}

}  // namespace

double ProducersRow::mean() const {
    return std::accumulate(rates.begin(), rates.end(), 0.0) / static_cast<double>(rates.size());
}

double ProducersRow::deviation() const {
    if (rates.size() < 2) return 0;
    const double middle = mean();
    double squares = 0;
    for (const double rate : rates) squares += (rate - middle) * (rate - middle);
    return std::sqrt(squares / static_cast<double>(rates.size() - 1));
}

Result<RecordedHit> record_hit(const TriggerRequest& request) {
    auto tree = TRY(TriggerTree::make(request.variant.target, request.branch_protection));
    SimulationRequest simulation = trigger_simulation(request, tree);
    simulation.cpus = 2;  // the other one has nothing to do
    simulation.program.arguments = {tree.program(), fmt::format("{}", kRecorded)};
    Recorder recorder;
    Observers observers;
    observers.legs = &recorder;
    const auto run = simulate(simulation, nullptr, observers);
    if (!run) return tl::make_unexpected(run.error().error);
    const std::vector<RecordedLeg>& legs = recorder.legs();
    if (legs.empty()) return hit_without_lines(request);
    check_invariant(legs.size() % kRecorded == 0, "iterations have different legs");
    const auto each = static_cast<std::ptrdiff_t>(legs.size() / kRecorded);
    return RecordedHit{{legs.end() - each, legs.end()}};
}

Result<ProducersOutcome> run_producers(const TriggerRequest& request, const RecordedHit& hit,
                                       const std::vector<unsigned>& places,
                                       const ProducersStart& start, std::uint64_t pause) {
    if (hit.legs.front().steps.empty())
        return user_error("the hit touches no line that CPUs share", request.variant.name(),
                          "leave out --threads");
    auto tree = TRY(TriggerTree::make_producers(request.variant.target));
    TriggerRequest named = request;
    named.seed = start.seed;
    SimulationRequest simulation = trigger_simulation(named, tree);
    const std::uint64_t n = places.size();
    simulation.cpus = static_cast<unsigned>(std::max<std::uint64_t>(2, n));
    simulation.places = places;
    // More than any has to do: the first that is through ends the run.
    simulation.program.arguments = {
        tree.program(), fmt::format("{}", 8 * (start.warm_up + start.hits)), fmt::format("{}", n),
        fmt::format("{}", start.seed), fmt::format("{}", pause)};
    HitClock clock(hit.legs.size(), n * start.warm_up, n * (start.warm_up + start.hits));
    Observers observers;
    observers.legs = &clock;
    const auto run = simulate(simulation, nullptr, observers);
    if (!run) return tl::make_unexpected(run.error().error);
    if (!clock.wants_end())
        return user_error("a producer was through long before the others", request.variant.name(),
                          "");
    return clock.outcome();
}

Result<std::vector<ProducersRow>> sweep(const TriggerRequest& request, const RecordedHit& hit,
                                        const MachineProfile& machine,
                                        const ProducersRequest& wanted) {
    const double hz = machine.frequency_hz.value;
    ProducersStart start;
    start.spread = CentiCycles(static_cast<std::uint64_t>(kStartSpreadNs * hz / 1e7));
    std::vector<ProducersRow> rows;
    for (const unsigned producers : wanted.producers) {
        const auto places = TRY(places_for(wanted.pin, *machine.contention, producers));
        ProducersRow row;
        row.producers = producers;
        for (std::uint64_t s = 0; s < (producers == 1 ? 1 : wanted.starts); ++s) {
            start.seed = wanted.first_seed + s;
            if (wanted.real_threads) {
                const auto outcome = TRY(run_producers(request, hit, places, start));
                add(row, outcome, hz);
            } else {
                add(row, repeat(hit, *machine.contention, places, start), hz);
            }
        }
        settle(row, hit);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace uprobesim
