// SPDX-License-Identifier: GPL-2.0-or-later
// What hits cost when several CPUs take them in threads of one process: beside what a hit takes
// alone, what the CPUs wait for each other at shared lines (docs/contention.md). Nothing of the
// program runs: each hit's steps follow from its kernel paths, and are repeated on as many CPUs.
#pragma once

#include <array>
#include <vector>

#include "sim/cost/recorded_hits.h"
#include "tools/estimate/work_range.h"

namespace uprobesim {

// A probe that the kernel does not refuse.
struct SharedProbe {
    SteadyHit hit;
    std::size_t kind = 0;      // those with equal hits have the same, from 0 on
    std::uint64_t uprobe = 0;  // those of one place are one uprobe
    double rate = 0;           // hits a second, of all CPUs together; without rates 1 of each
};

struct SharedEstimate {
    // Of one hit, with its waiting; its range too.
    struct Hit {
        VariedPrices::Range range;
        double waits_ns = 0;
        double nonstop_per_s = 0;  // of all CPUs, if they do nothing else
    };
    std::vector<Hit> hits;            // by probe
    VariedPrices::Sensitivity total;  // of all hits of a second, or of one hit each
    double waits_ns = 0;              // of that
    std::array<double, kSharedLineCount> waits_by_line{};  // of that
    double nonstop_per_s = 0;  // of these probes, in these shares, if the CPUs do nothing else
    bool reaches = true;       // the rates are possible
};

// The steps of a hit that is alone.
RecordedHit steps_of(const SteadyHit& hit, const PriceList& prices, const AccessPlan& plan);

// `places` as of SharedLines. With `rates` each CPU takes its share of the hits at times by chance,
// otherwise the CPUs do nothing but take hits. The machine's profile says what lines cost.
SharedEstimate estimate_shared(const std::vector<SharedProbe>& probes, const VariedPrices& prices,
                               const std::vector<unsigned>& places, bool rates);
// The time of `total` alone.
double shared_ns(const std::vector<SharedProbe>& probes, const VariedPrices::All& all,
                 const std::vector<unsigned>& places, bool rates);

}  // namespace uprobesim
