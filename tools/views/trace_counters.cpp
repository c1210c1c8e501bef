// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/views/trace_counters.h"

#include <algorithm>

namespace uprobesim {
namespace {

constexpr std::uint64_t kRateWindowNs = 1'000'000;
constexpr std::uint64_t kSecondNs = 1'000'000'000;

TraceTrack counter_track(std::uint32_t id) {
    return {TraceTrack::Kind::Counter, id, 0};
}

}  // namespace

void TraceCounters::begin(std::uint64_t ns) {
    hits_track_ = writer_.add(counter_track(0), "probe hits");
    rate_track_ = writer_.add(counter_track(1), "probe hits a second");
    waiting_track_ = writer_.add(counter_track(2), "tasks waiting for a CPU");
    for (const TrackId track : {hits_track_, rate_track_, waiting_track_})
        writer_.count(track, ns, 0);
    hits_ns_ = waiting_ns_ = rate_.begin_ns = ns;
}

void TraceCounters::add_hits(std::uint64_t ns, std::uint64_t more) {
    hits_ += more;
    hits_ns_ = std::max(hits_ns_, ns);
    writer_.count(hits_track_, hits_ns_, hits_);
    count_rate(hits_ns_, more);
}

// A window's rate stands at its begin. After one without hits there is none until the next hit.
void TraceCounters::count_rate(std::uint64_t ns, std::uint64_t hits) {
    if (ns >= rate_.begin_ns + kRateWindowNs) {
        writer_.count(rate_track_, rate_.begin_ns, rate_.hits * (kSecondNs / kRateWindowNs));
        const std::uint64_t windows = (ns - rate_.begin_ns) / kRateWindowNs;
        if (windows > 1) writer_.count(rate_track_, rate_.begin_ns + kRateWindowNs, 0);
        rate_.begin_ns += windows * kRateWindowNs;
        rate_.hits = 0;
    }
    rate_.hits += hits;
}

void TraceCounters::count_waiting(std::uint64_t ns, const Scheduler& scheduler) {
    std::uint64_t waiting = 0;
    for (const SimCpu& cpu : scheduler.cpus()) waiting += cpu.queue.size();
    if (waiting == waiting_) return;
    waiting_ = waiting;
    waiting_ns_ = std::max(waiting_ns_, ns);
    writer_.count(waiting_track_, waiting_ns_, waiting);
}

void TraceCounters::end() {
    if (rate_.hits != 0) count_rate(rate_.begin_ns + kRateWindowNs, 0);
}

}  // namespace uprobesim
