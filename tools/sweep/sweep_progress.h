// SPDX-License-Identifier: GPL-2.0-or-later
// How far a sweep is, as one line on a terminal. Host times never reach the results.
#pragma once

#include <cstdint>
#include <string>

namespace uprobesim {

struct SweepCounts {
    std::uint64_t points = 0;  // of the plan, or of the chunk
    std::uint64_t done = 0, failed = 0;
    std::uint64_t found = 0;         // of these, there before
    std::uint64_t found_failed = 0;  // of those
    // The failed point of the lowest number, and why.
    std::uint64_t first_failed = 0;
    std::string first_reason;

    std::uint64_t missing() const { return points - done - failed; }
    // Points come in any order: the one that is told does not depend on it.
    void note_failure(std::uint64_t point, const std::string& reason) {
        if (!first_reason.empty() && point >= first_failed) return;
        first_failed = point;
        first_reason = reason;
    }
};

// "1,200 of 20,000 points done, 3 failed, 8,123 points/s, 2 s left"; `elapsed_ns` since the start.
std::string progress_text(const SweepCounts& counts, std::int64_t elapsed_ns);

// The same when it is over: "20,000 points: 19,997 done, 3 failed; 1,200 were there before".
std::string sweep_summary(const SweepCounts& counts);
// Of counts with failures: why the first point failed, and the commands that say and do more.
std::string failure_summary(const SweepCounts& counts, const std::string& plan);

class SweepProgress {
public:
    SweepProgress();
    ~SweepProgress() { clear(); }
    SweepProgress(const SweepProgress&) = delete;
    SweepProgress& operator=(const SweepProgress&) = delete;

    void show(const SweepCounts& counts);
    void clear();

private:
    bool on_terminal_;
    bool shown_ = false;
    std::int64_t begin_ns_, last_ns_;
};

}  // namespace uprobesim
