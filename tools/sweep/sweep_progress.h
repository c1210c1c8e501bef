// SPDX-License-Identifier: GPL-2.0-or-later
// How far a sweep is, as one line on a terminal. Host times never reach the results.
#pragma once

#include <cstdint>
#include <string>

namespace uprobesim {

struct SweepCounts {
    std::uint64_t points = 0;  // of the plan, or of the chunk
    std::uint64_t done = 0, failed = 0;
    std::uint64_t found = 0;  // of these, there before

    std::uint64_t missing() const { return points - done - failed; }
};

// "1,200 of 20,000 points done, 3 failed, 8,123 points/s, 2 s left"; `elapsed_ns` since the start.
std::string progress_text(const SweepCounts& counts, std::int64_t elapsed_ns);

// The same when it is over: "20,000 points: 19,997 done, 3 failed; 1,200 were there before".
std::string sweep_summary(const SweepCounts& counts);

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
