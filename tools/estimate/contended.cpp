// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/estimate/contended.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace uprobesim {
namespace {

// Hits of each CPU, on average. Once CPUs that do nothing else have begun, the order in which they
// get a line hardly changes: they are started several times (bench does it 24 times).
constexpr std::uint64_t kFullStarts = 8, kFullHits = 60, kFullWarm = 40;
constexpr std::uint64_t kVariedStarts = 2;  // where only a difference is wanted
constexpr std::uint64_t kPacedHits = 6000;  // of all CPUs, with pauses by chance between them
constexpr std::uint64_t kLeastPacedHits = 60;
constexpr unsigned kMostPasses = 8;
constexpr double kCloseEnough = 0.005;
// A probe that was hit so often has a mean of its own; others have one with those that take the
// same way.
constexpr std::uint64_t kOwnMean = 400;
// A figure that moves a hit alone by less than this share does not move the waiting.
constexpr double kMoves = 0.01;

double ns_of_cycles(double cycles, const PriceList& prices) {
    return cycles * 1e9 / prices.frequency_hz();
}

// What came of all hits on one set of prices.
struct Played {
    std::vector<double> alone_ns, waits_ns;          // a hit, by probe
    std::array<double, kSharedLineCount> line_ns{};  // a hit of any probe
    double hits_per_s = 0;                           // of the run
    double gap_cycles = 0;
    bool full = true;  // no time is left between hits

    double ns(std::size_t probe) const { return alone_ns[probe] + waits_ns[probe]; }
    double total_ns(const std::vector<SharedProbe>& probes) const {
        double sum = 0;
        for (std::size_t p = 0; p < probes.size(); ++p) sum += probes[p].rate * ns(p);
        return sum;
    }
};

class Player {
public:
    Player(const std::vector<SharedProbe>& probes, const VariedPrices::All& all,
           const std::vector<unsigned>& places)
        : probes_(probes), all_(all), places_(places) {
        for (const SharedProbe& probe : probes)
            mix_.push_back(
                {steps_of(probe.hit, all.prices, all.lines->plan), probe.uprobe, probe.rate});
        double cycles = 0;
        for (const MixedHit& hit : mix_) {
            rate_ += hit.weight;
            cycles += hit.weight * in_cycles(hit.hit.alone());
        }
        alone_cycles_ = rate_ > 0 ? cycles / rate_ : 0;
    }

    // CPUs that do nothing else.
    Played full(std::uint64_t starts = kFullStarts) const {
        if (rate_ <= 0) return played({}, 0);
        Sum sum(mix_.size());
        for (std::uint64_t s = 1; s <= starts; ++s) sum.add(play(s, kFullWarm, kFullHits, 0));
        Played result = played(sum, 0);
        result.full = true;
        return result;
    }
    // At the probes' rates, which may be more than the CPUs do. `gap_cycles`: where to begin with
    // the time between a CPU's hits; 0: not known.
    Played paced(double gap_cycles) const {
        if (rate_ <= 0) return played({}, 0);
        const double each =
            static_cast<double>(places_.size()) * all_.prices.frequency_hz() / rate_;
        if (each <= alone_cycles_) return full();
        const std::uint64_t hits = std::max(kLeastPacedHits, kPacedHits / places_.size());
        double gap = gap_cycles > 0 ? gap_cycles : each - alone_cycles_;
        Sum sum(mix_.size());
        for (unsigned pass = 0; pass < kMostPasses; ++pass) {
            sum = Sum(mix_.size());
            sum.add(play(1, hits / 4, hits, gap));
            const double wanted = each - alone_cycles_ - sum.waited_cycles();
            // Waiting becomes less by as much as pauses become longer, at most: the truth is
            // between the two.
            const double next = wanted <= 0 ? gap / 4 : pass < 2 ? wanted : (gap + wanted) / 2;
            if (std::abs(next - gap) < kCloseEnough * each) break;
            gap = next;
            if (gap < kCloseEnough * each) return full();
        }
        return played(sum, gap);
    }

private:
    struct Sum {
        explicit Sum(std::size_t probes) : parts(probes) {}
        Sum() = default;
        void add(const MixedOutcome& outcome) {
            hits += outcome.all.hits;
            time += outcome.all.time;
            for (std::size_t p = 0; p < parts.size(); ++p) {
                parts[p].hits += outcome.parts[p].hits;
                parts[p].waited += outcome.parts[p].waited;
            }
            for (std::size_t l = 0; l < kSharedLineCount; ++l)
                by_line[l] += outcome.all.uses[l].waited;
        }
        // Of a hit, on average.
        double waited_cycles() const {
            const CentiCycles all = std::accumulate(by_line.begin(), by_line.end(), CentiCycles());
            return hits == 0 ? 0 : in_cycles(all) / static_cast<double>(hits);
        }
        std::uint64_t hits = 0;
        CentiCycles time;
        std::vector<MixedOutcome::Part> parts;
        std::array<CentiCycles, kSharedLineCount> by_line{};
    };

    MixedOutcome play(std::uint64_t seed, std::uint64_t warm, std::uint64_t hits,
                      double gap_cycles) const {
        MixedStart start;
        start.start.seed = seed;
        start.start.spread = from_cycles(kStartSpreadNs * all_.prices.frequency_hz() / 1e9 +
                                         (gap_cycles > 0 ? gap_cycles : 0));
        start.start.warm_up = warm;
        start.start.hits = hits;
        start.gap = from_cycles(gap_cycles);
        return repeat_mixed(mix_, all_.lines->figures, places_, start);
    }

    struct Mean {
        double hits = 0, cycles = 0;
        void add(const MixedOutcome::Part& part) {
            hits += static_cast<double>(part.hits);
            cycles += in_cycles(part.waited);
        }
    };
    // By probe: its own mean if it was hit often, else that of the probes that take the same way
    // and were hit as seldom, or of all that take it, or of all.
    std::vector<double> waited_cycles(const Sum& sum) const {
        std::vector<double> cycles(mix_.size());
        if (sum.parts.empty()) return cycles;
        std::vector<Mean> alike(mix_.size()), seldom(mix_.size());
        Mean all;
        for (std::size_t p = 0; p < mix_.size(); ++p) {
            const MixedOutcome::Part& part = sum.parts[p];
            all.add(part);
            alike[probes_[p].kind].add(part);
            if (part.hits < kOwnMean) seldom[probes_[p].kind].add(part);
        }
        for (std::size_t p = 0; p < mix_.size(); ++p) {
            Mean own;
            own.add(sum.parts[p]);
            if (own.hits < kOwnMean) own = seldom[probes_[p].kind];
            if (own.hits == 0) own = alike[probes_[p].kind];
            if (own.hits == 0) own = all;
            cycles[p] = own.cycles / own.hits;
        }
        return cycles;
    }

    Played played(const Sum& sum, double gap_cycles) const {
        Played result;
        result.gap_cycles = gap_cycles;
        result.full = false;
        const std::vector<double> waited = waited_cycles(sum);
        for (std::size_t p = 0; p < mix_.size(); ++p) {
            result.alone_ns.push_back(ns_of_cycles(in_cycles(mix_[p].hit.alone()), all_.prices));
            result.waits_ns.push_back(ns_of_cycles(waited[p], all_.prices));
        }
        if (sum.hits == 0) return result;
        for (std::size_t l = 0; l < kSharedLineCount; ++l)
            result.line_ns[l] = ns_of_cycles(in_cycles(sum.by_line[l]), all_.prices) /
                                static_cast<double>(sum.hits);
        result.hits_per_s =
            static_cast<double>(sum.hits) * all_.prices.frequency_hz() / in_cycles(sum.time);
        return result;
    }

    const std::vector<SharedProbe>& probes_;
    const VariedPrices::All& all_;
    const std::vector<unsigned>& places_;
    std::vector<MixedHit> mix_;
    double rate_ = 0, alone_cycles_ = 0;
};

bool takes_path(const std::vector<SharedProbe>& probes, KernelPath path) {
    return std::any_of(probes.begin(), probes.end(), [&](const SharedProbe& probe) {
        return std::any_of(probe.hit.paths.begin(), probe.hit.paths.end(),
                           [&](const PathUse& use) { return use.path == path; });
    });
}

// Each probe's hit alone.
std::vector<double> alone_ns(const std::vector<SharedProbe>& probes, const PriceList& prices) {
    std::vector<double> of_kind(probes.size(), -1), ns;
    ns.reserve(probes.size());
    for (const SharedProbe& probe : probes) {
        double& known = of_kind[probe.kind];
        if (known < 0) {
            HitWork work;
            work.add(probe.hit, 1);
            known = ns_of(work, prices);
        }
        ns.push_back(known);
    }
    return ns;
}

// Each probe on the same prices but for one figure. What the waiting of hits does not hang on is
// taken as it is.
class Variations {
public:
    Variations(const std::vector<SharedProbe>& probes, const VariedPrices& prices,
               const std::vector<unsigned>& places, bool rates, const Played& base)
        : probes_(probes), places_(places), paced_(rates && !base.full), base_(base) {
        if (!paced_ && places.size() > 1)
            rough_ = Player(probes, prices.all(), places).full(kVariedStarts);
        for (const VariedPrices::Ends& ends : prices.ends()) {
            const bool nothing = ends.path && !takes_path(probes, *ends.path);
            low_.push_back(nothing ? base : at(ends.low, ends.of_lines));
            high_.push_back(nothing ? base : at(ends.high, ends.of_lines));
        }
    }
    std::pair<double, double> of(std::size_t probe, std::size_t figure) const {
        return {low_[figure].ns(probe), high_[figure].ns(probe)};
    }
    std::pair<double, double> total(std::size_t figure) const {
        return {low_[figure].total_ns(probes_), high_[figure].total_ns(probes_)};
    }

private:
    Played at(const VariedPrices::All& all, bool of_lines) const {
        Played played = base_;
        if (places_.size() == 1 && of_lines) return played;
        played.alone_ns = alone_ns(probes_, all.prices);
        double before = 0, now = 0;
        for (std::size_t p = 0; p < probes_.size(); ++p) {
            before += probes_[p].rate * base_.alone_ns[p];
            now += probes_[p].rate * played.alone_ns[p];
        }
        if (!of_lines && std::abs(now - before) <= kMoves * before) return played;
        if (places_.size() == 1) return played;
        const Player player(probes_, all, places_);
        if (paced_) return player.paced(base_.gap_cycles);
        const Played rough = player.full(kVariedStarts);
        for (std::size_t p = 0; p < probes_.size(); ++p)
            played.waits_ns[p] =
                std::max(0.0, base_.waits_ns[p] + rough.waits_ns[p] - rough_.waits_ns[p]);
        return played;
    }

    const std::vector<SharedProbe>& probes_;
    const std::vector<unsigned>& places_;
    bool paced_;
    const Played& base_;
    Played rough_;                    // as base_, of fewer starts
    std::vector<Played> low_, high_;  // by figure
};

}  // namespace

RecordedHit steps_of(const SteadyHit& hit, const PriceList& prices, const AccessPlan& plan) {
    RecordedHit recorded;
    CentiCycles work;
    const auto add_work = [&](CentiCycles amount) {
        recorded.legs.back().steps.push_back({false, {}, {}, amount});
    };
    const auto end_work = [&] {
        if (work.value != 0) add_work(work);
        work = {};
    };
    for (const PathUse& use : hit.paths) {
        const bool brk = use.path == KernelPath::BrkEntry;
        if (brk || use.path == KernelPath::StepEntry) {
            if (!recorded.legs.empty()) end_work();
            recorded.legs.emplace_back();
            work += prices.exception(brk ? ExceptionClass::Brk : ExceptionClass::SoftwareStep);
        }
        work = go_along(
            plan.of(use.path), prices.path(use.path) + prices.path_units(use.path, use.units), work,
            add_work, [&](const PlannedAccess& access, CentiCycles held) {
                recorded.legs.back().steps.push_back({true, access.line, access.kind, held});
            });
    }
    end_work();
    return recorded;
}

SharedEstimate estimate_shared(const std::vector<SharedProbe>& probes, const VariedPrices& prices,
                               const std::vector<unsigned>& places, bool rates) {
    SharedEstimate estimate;
    const Player player(probes, prices.all(), places);
    const Played full = player.full();
    const Played base = rates ? player.paced(0) : full;
    estimate.reaches = !rates || !base.full;
    estimate.nonstop_per_s = full.hits_per_s;
    const Variations variations(probes, prices, places, rates, base);
    std::vector<double> nonstop_of_kind(probes.size());
    for (std::size_t p = 0; p < probes.size(); ++p) {
        SharedEstimate::Hit hit;
        hit.waits_ns = base.waits_ns[p];
        hit.range =
            prices.sensitivity(base.ns(p), [&](std::size_t f) { return variations.of(p, f); })
                .range;
        double& nonstop = nonstop_of_kind[probes[p].kind];
        if (nonstop == 0) {
            const std::vector<SharedProbe> lone{{probes[p].hit, 0, 0, 1}};
            nonstop = Player(lone, prices.all(), places).full().hits_per_s;
        }
        hit.nonstop_per_s = nonstop;
        estimate.hits.push_back(hit);
    }
    estimate.total = prices.sensitivity(base.total_ns(probes),
                                        [&](std::size_t f) { return variations.total(f); });
    double all_hits = 0;
    for (std::size_t p = 0; p < probes.size(); ++p) {
        estimate.waits_ns += probes[p].rate * base.waits_ns[p];
        all_hits += probes[p].rate;
    }
    for (std::size_t l = 0; l < kSharedLineCount; ++l)
        estimate.waits_by_line[l] = all_hits * base.line_ns[l];
    return estimate;
}

double shared_ns(const std::vector<SharedProbe>& probes, const VariedPrices::All& all,
                 const std::vector<unsigned>& places, bool rates) {
    const Player player(probes, all, places);
    return (rates ? player.paced(0) : player.full()).total_ns(probes);
}

}  // namespace uprobesim
