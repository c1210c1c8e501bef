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

Path path_of(const RecordedHit& hit, SharedLines& lines) {
    Path path;
    const auto add = [&](const ProgramStep& step, bool varies) {
        path.steps.push_back(step);
        path.varies.push_back(varies);
    };
    for (const RecordedLeg& leg : hit.legs) {
        if (leg.before.value != 0) add({kNoLine, {}, leg.before}, false);
        for (const RecordedStep& step : leg.steps)
            add({step.is_access ? lines.line(step.line, 0) : kNoLine, step.kind, step.amount},
                true);
    }
    return path;
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
    const std::uint64_t n = places.size();
    check_invariant(n != 0 && hit.alone().value != 0, "nobody hits, or a hit takes no time");
    SharedLines lines(figures, places, start.seed);
    const Path path = path_of(hit, lines);
    // The first CPU has set up what they share.
    for (const ProgramStep& step : path.steps) {
        ProgramCursor none;
        if (step.line != kNoLine)
            lines.step(0, {}, {step.line, AccessKind::Write, {}}, none, 0, false);
    }
    std::vector<ProgramCursor> cursors(n);
    std::vector<CentiCycles> clocks(n);
    LowestFirst order;
    for (unsigned cpu = 0; cpu < n; ++cpu) {
        const auto spread =
            static_cast<std::uint32_t>(std::max<std::uint64_t>(1, start.spread.value));
        if (n > 1) clocks[cpu] = CentiCycles(lines.random(spread));
        order.set(cpu, clocks[cpu]);
    }

    ProducersOutcome outcome;
    const std::uint64_t warm = n * start.warm_up, total = n * (start.warm_up + start.hits);
    CentiCycles begin;
    for (std::uint64_t done = 0; done < total;) {
        const unsigned cpu = LowestFirst::index_of(order.lowest());
        ProgramCursor& cursor = cursors[cpu];
        const std::size_t step = cursor.next;
        const bool varies = n > 1 && path.varies[step];
        clocks[cpu] = lines.step(cpu, clocks[cpu], path.steps[step], cursor, cpu, varies).at;
        order.set(cpu, clocks[cpu]);
        if (cursor.next != path.steps.size()) continue;
        cursor = {};
        if (++done == warm) {
            begin = clocks[cpu];
            lines.forget_uses();
        }
        if (done == total) outcome.time = clocks[cpu] - begin;
    }
    outcome.hits = total - warm;
    outcome.uses = lines.uses();
    return outcome;
}

}  // namespace uprobesim
