// SPDX-License-Identifier: GPL-2.0-or-later
// Many CPUs that take hits of one process's probes: the ways of hits, recorded from a run or put
// together from their paths, are repeated by each of them on the lines that they share. Nothing
// runs, so a start takes milliseconds. The real run takes the same steps in the same order, and
// more: interrupts, first hits, the programs' begin.
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

// Within which CPUs begin that do nothing else.
inline constexpr double kStartSpreadNs = 200;

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

// CPUs that do nothing but take hits of one probe. `places` as of SharedLines: as many CPUs as
// there are.
ProducersOutcome repeat(const RecordedHit& hit, const ContentionFigures& figures,
                        const std::vector<unsigned>& places, const ProducersStart& start);

// One probe of several.
struct MixedHit {
    RecordedHit hit;
    std::uint64_t uprobe = 0;  // those of one place are one uprobe
    double weight = 1;         // a hit is so often of this probe, against the other ones' weights
};

struct MixedStart {
    ProducersStart start;
    // That a CPU is at EL0 between two hits, on average: exponentially distributed, since nothing
    // is known of what a program does there. 0: it does nothing but take hits.
    CentiCycles gap;
};

struct MixedOutcome {
    struct Part {
        std::uint64_t hits = 0;
        CentiCycles waited;
    };
    ProducersOutcome all;
    std::vector<Part> parts;  // by probe
};

// Each CPU's hits are of any probe, in turn by chance. Some weight is not 0.
MixedOutcome repeat_mixed(const std::vector<MixedHit>& hits, const ContentionFigures& figures,
                          const std::vector<unsigned>& places, const MixedStart& start);

}  // namespace uprobesim
