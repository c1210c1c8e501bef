// SPDX-License-Identifier: GPL-2.0-or-later
// The counters of a trace: hits of probes, hits a second, tasks that wait for a CPU.
#pragma once

#include <cstdint>

#include "kernel_model/task/scheduler.h"
#include "tools/views/trace_writer.h"

namespace uprobesim {

class TraceCounters {
public:
    explicit TraceCounters(TraceWriter& writer) : writer_(writer) {}

    void begin(std::uint64_t ns);
    void add_hits(std::uint64_t ns, std::uint64_t more);
    void count_waiting(std::uint64_t ns, const Scheduler& scheduler);
    // The last window's rate.
    void end();

private:
    struct Rate {  // of hits, in windows of simulated time
        std::uint64_t begin_ns = 0, hits = 0;
    };
    void count_rate(std::uint64_t ns, std::uint64_t hits);

    TraceWriter& writer_;
    TrackId hits_track_ = 0, rate_track_ = 0, waiting_track_ = 0;
    Rate rate_;
    std::uint64_t hits_ = 0, hits_ns_ = 0;
    std::uint64_t waiting_ = 0, waiting_ns_ = 0;
};

}  // namespace uprobesim
