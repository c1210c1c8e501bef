// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cost/recorded_hits.h"

#include <algorithm>

#include "sim/base/error.h"
#include "sim/base/lowest_first.h"

namespace uprobesim {
namespace {

// The steps of an iteration one after the other, as of SharedLines.
struct Path {
    StepProgram steps;
    std::vector<bool> varies;  // private work that jitter lengthens
};

Path path_of(const MixedHit& mixed, SharedLines& lines) {
    Path path;
    const auto add = [&](const ProgramStep& step, bool varies) {
        path.steps.push_back(step);
        path.varies.push_back(varies);
    };
    const auto line_of = [&](SharedLine kind) {
        const bool own = shared_line_info(kind).scope == LineScope::Uprobe;
        return lines.line(kind, own ? mixed.uprobe : 0);
    };
    for (const RecordedLeg& leg : mixed.hit.legs) {
        if (leg.before.value != 0) add({kNoLine, {}, leg.before}, false);
        for (const RecordedStep& step : leg.steps)
            add({step.is_access ? line_of(step.line) : kNoLine, step.kind, step.amount}, true);
    }
    return path;
}

// Which probe the next hit is of.
class Choice {
public:
    explicit Choice(const std::vector<MixedHit>& hits) {
        double sum = 0;
        for (const MixedHit& hit : hits) sum += hit.weight;
        check_invariant(sum > 0, "no probe is hit");
        double so_far = 0;
        for (const MixedHit& hit : hits) {
            so_far += hit.weight;
            upto_.push_back(static_cast<std::uint32_t>(so_far / sum * kOf));
        }
        // Whatever the sums are rounded to.
        const auto last = std::find(upto_.begin(), upto_.end(), upto_.back());
        std::fill(last, upto_.end(), kOf);
    }
    std::size_t next(SharedLines& lines) const {
        if (upto_.size() == 1) return 0;
        const std::uint32_t drawn = lines.random(kOf);
        return static_cast<std::size_t>(std::upper_bound(upto_.begin(), upto_.end(), drawn) -
                                        upto_.begin());
    }

private:
    static constexpr std::uint32_t kOf = 1U << 30;
    std::vector<std::uint32_t> upto_;
};

// Exponentially distributed around `mean`, of comparisons of random numbers alone (von Neumann
// 1951), so that every host draws the same.
CentiCycles drawn_gap(SharedLines& lines, CentiCycles mean) {
    constexpr std::uint32_t kOf = 1U << 24;
    for (std::uint64_t whole = 0;; ++whole) {
        const std::uint32_t first = lines.random(kOf);
        std::uint32_t last = first;
        unsigned falling = 1;
        for (std::uint32_t u = lines.random(kOf); u < last; u = lines.random(kOf)) {
            last = u;
            ++falling;
        }
        if (falling % 2 == 0) continue;
        const double times = static_cast<double>(whole) + static_cast<double>(first) / kOf;
        return CentiCycles(static_cast<std::uint64_t>(static_cast<double>(mean.value) * times));
    }
}

}  // namespace

CentiCycles RecordedHit::alone() const {
    CentiCycles sum;
    for (const RecordedLeg& leg : legs) {
        sum += leg.before;
        for (const RecordedStep& step : leg.steps) sum += step.amount;
    }
    return sum;
}

CentiCycles ProducersOutcome::waited() const {
    CentiCycles sum;
    for (const LineUse& use : uses) sum += use.waited;
    return sum;
}

double ProducersOutcome::hits_per_cycle() const {
    return static_cast<double>(hits) / in_cycles(time);
}

ProducersOutcome repeat(const RecordedHit& hit, const ContentionFigures& figures,
                        const std::vector<unsigned>& places, const ProducersStart& start) {
    return repeat_mixed({{hit, 0, 1}}, figures, places, {start, {}}).all;
}

MixedOutcome repeat_mixed(const std::vector<MixedHit>& hits, const ContentionFigures& figures,
                          const std::vector<unsigned>& places, const MixedStart& mixed) {
    const ProducersStart& start = mixed.start;
    const std::uint64_t n = places.size();
    SharedLines lines(figures, places, start.seed);
    std::vector<Path> paths;
    for (const MixedHit& hit : hits) {
        check_invariant(n != 0 && hit.hit.alone().value != 0,
                        "nobody hits, or a hit takes no time");
        paths.push_back(path_of(hit, lines));
        // The first CPU has set up what they share.
        for (const ProgramStep& step : paths.back().steps) {
            ProgramCursor none;
            if (step.line != kNoLine)
                lines.step(0, {}, {step.line, AccessKind::Write, {}}, none, 0, false);
        }
    }
    const Choice choice(hits);
    std::vector<ProgramCursor> cursors(n);
    std::vector<CentiCycles> clocks(n);
    std::vector<std::size_t> takes(n);  // the probe that each CPU is at
    LowestFirst order;
    for (unsigned cpu = 0; cpu < n; ++cpu) {
        const auto spread =
            static_cast<std::uint32_t>(std::max<std::uint64_t>(1, start.spread.value));
        if (n > 1) clocks[cpu] = CentiCycles(lines.random(spread));
        takes[cpu] = choice.next(lines);
        order.set(cpu, clocks[cpu]);
    }

    MixedOutcome outcome;
    outcome.parts.resize(hits.size());
    const std::uint64_t warm = n * start.warm_up, total = n * (start.warm_up + start.hits);
    CentiCycles begin;
    for (std::uint64_t done = 0; done < total;) {
        const unsigned cpu = LowestFirst::index_of(order.lowest());
        ProgramCursor& cursor = cursors[cpu];
        const std::size_t probe = takes[cpu];
        const Path& path = paths[probe];
        const std::size_t step = cursor.next;
        const bool varies = n > 1 && path.varies[step];
        const SharedLines::Done taken =
            lines.step(cpu, clocks[cpu], path.steps[step], cursor, cpu, varies);
        clocks[cpu] = taken.at;
        outcome.parts[probe].waited += taken.waited;
        if (cursor.next == path.steps.size()) {
            cursor = {};
            ++outcome.parts[probe].hits;
            const CentiCycles over = clocks[cpu];
            if (mixed.gap.value != 0) clocks[cpu] += drawn_gap(lines, mixed.gap);
            takes[cpu] = choice.next(lines);
            if (++done == warm) {
                begin = over;
                lines.forget_uses();
                outcome.parts.assign(hits.size(), {});
            }
            if (done == total) outcome.all.time = over - begin;
        }
        order.set(cpu, clocks[cpu]);
    }
    outcome.all.hits = total - warm;
    outcome.all.uses = lines.uses();
    return outcome;
}

}  // namespace uprobesim
