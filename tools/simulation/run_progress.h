// SPDX-License-Identifier: GPL-2.0-or-later
// How far a run is, as one line: which run of how many, what was simulated, how fast the host is,
// and, where the end is known, the share done and the time left. Host times come in by argument.
#pragma once

#include <cstdint>
#include <string>

namespace uprobesim {

class Kernel;

// What one run of a command is, as far as it is known before.
struct RunPlan {
    unsigned number = 1;                      // of this run, from 1
    unsigned count = 1;                       // of the command's runs
    std::uint64_t max_insns = 0, max_ns = 0;  // the run's limits; 0: none
    std::uint64_t expected_insns = 0;         // at EL0, of an equal run before; 0: not known
};

struct RunFigures {
    std::uint64_t simulated_ns = 0;
    std::uint64_t insns = 0;
    std::uint64_t hits = 0;
    std::uint64_t tasks = 0;
};
RunFigures run_figures(const Kernel& kernel);

class RunProgress {
public:
    // A run begins at `now_ns` of the host: its figures start from zero again.
    void begin(const RunPlan& plan, std::int64_t now_ns);
    std::int64_t last_ns() const { return last_ns_; }  // of begin() or line()
    // "run 2 of 3: simulated 188.002 ms, 1,060,234,493 EL0 insns, 310.0 MIPS, 1,234 hits, 3 tasks,
    // 43 % done, 12 s left"
    std::string line(const RunFigures& figures, std::int64_t now_ns);

private:
    double mips(std::uint64_t insns, std::int64_t now_ns) const;
    double share_done(const RunFigures& figures) const;

    RunPlan plan_;
    std::int64_t begin_ns_ = 0;
    std::int64_t last_ns_ = 0;
    std::uint64_t last_insns_ = 0;
};

}  // namespace uprobesim
