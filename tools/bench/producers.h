// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's uprobe benchmark with many producers: threads of one process, each on a CPU of its
// own, that take hits of one probe. The hit is recorded from a run, and repeated on so many CPUs;
// or the threads are run, which costs more and says the same.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/cost/cpu_places.h"
#include "sim/cost/recorded_hits.h"
#include "tools/bench/trigger_bench.h"

namespace uprobesim {

inline constexpr std::uint64_t kStarts = 24;

// The way of one iteration of the trigger loop, from a run of a lone thread that nothing
// interrupts.
Result<RecordedHit> record_hit(const TriggerRequest& request);
// Real threads on simulated CPUs; `hit` says how many legs a hit has, `places` as of
// SimulationRequest. The start's spread is the program's own, some 10 us. `pause`: turns of a loop
// between the hits of a thread, on average; by chance from none to twice as many.
Result<ProducersOutcome> run_producers(const TriggerRequest& request, const RecordedHit& hit,
                                       const std::vector<unsigned>& places,
                                       const ProducersStart& start, std::uint64_t pause = 0);

// One row of the benchmark: so many producers, over several starts.
struct ProducersRow {
    unsigned producers = 1;
    std::vector<double> rates;  // million hits a second, of each start, the lowest first
    // Of a hit, over all starts, in cycles.
    double own_cycles = 0;
    double waited_cycles = 0;
    std::array<double, kSharedLineCount> waited_by_line{};
    std::array<LineUse, kSharedLineCount> uses{};  // all starts together
    std::uint64_t hits = 0;                        // of `uses`

    double mean() const;
    double deviation() const;  // standard, of one start
};

struct ProducersRequest {
    std::vector<unsigned> producers;
    std::uint64_t starts = kStarts;  // one where there is one producer
    std::uint64_t first_seed = 1;
    PinRequest pin;
    bool real_threads = false;
};

// Rows of one variant on a machine, which has [contention].
Result<std::vector<ProducersRow>> sweep(const TriggerRequest& request, const RecordedHit& hit,
                                        const MachineProfile& machine,
                                        const ProducersRequest& wanted);

}  // namespace uprobesim
