// SPDX-License-Identifier: GPL-2.0-or-later
// Many CPUs that do nothing but take hits of one probe in one process: the way of one hit, recorded
// from a run, is repeated by each of them on the lines that they share. Nothing runs, so a start
// takes milliseconds. The real run takes the same steps in the same order, and more: interrupts,
// first hits, the programs' begin.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/cost/shared_lines.h"

namespace uprobesim {

struct RecordedStep {
    bool is_access = false;  // else private work
    SharedLine line = SharedLine::MmapLock;
    AccessKind kind = AccessKind::Read;
    CentiCycles amount;  // of work; how long a lock is held

    bool operator==(const RecordedStep&) const = default;
};

struct RecordedLeg {
    CentiCycles before;  // since the last one: at EL0, and in legs that share nothing
    std::vector<RecordedStep> steps;

    bool operator==(const RecordedLeg&) const = default;
};

// One iteration of a loop with a hit in it.
struct RecordedHit {
    std::vector<RecordedLeg> legs;

    CentiCycles alone() const;  // what it takes where nobody else is
    bool operator==(const RecordedHit&) const = default;
};

// One start: CPUs begin at different times, and which is before which at a line lasts.
struct ProducersStart {
    std::uint64_t seed = 1;
    CentiCycles spread;          // within which they begin
    std::uint64_t warm_up = 40;  // hits of each CPU on average that are not counted
    std::uint64_t hits = 100;    // that are
};

struct ProducersOutcome {
    std::uint64_t hits = 0;
    CentiCycles time;  // in which they were done
    std::array<LineUse, kSharedLineCount> uses{};

    CentiCycles waited() const;
    double hits_per_cycle() const;
};

// `places` as of SharedLines: as many CPUs as there are.
ProducersOutcome repeat(const RecordedHit& hit, const ContentionFigures& figures,
                        const std::vector<unsigned>& places, const ProducersStart& start);

}  // namespace uprobesim
