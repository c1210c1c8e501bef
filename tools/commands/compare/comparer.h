// SPDX-License-Identifier: GPL-2.0-or-later
// Makes the runs of a comparison: each from its own start, or several from one that they share, and
// several at the same time. What it makes is the same either way.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/endings/shared_start.h"
#include "tools/fork/forked_runs.h"
#include "tools/report/report.h"
#include "tools/request/guest_request.h"
#include "tools/simulation/guest_streams.h"

namespace uprobesim {

// The guest's output is printed once, by the first run of all.
class Comparer {
public:
    explicit Comparer(const GuestRequest& guest);

    // `first`: of the first machine, where this is another.
    tl::expected<CompareReport, RunRefused> on_machine(const std::string& machine,
                                                       const CompareReport* first);
    bool interrupted() const { return interrupted_; }
    // What became of runs that have no column, because their process came to harm.
    const std::vector<std::string>& failures() const { return failures_; }

private:
    using Made = tl::expected<ComparedRun, RunRefused>;
    // Of one machine, by the number of the run; those that are missing have failed, or were not
    // made any more.
    using Columns = std::map<std::size_t, Made>;

    SimulationRequest request_of(const std::string& machine, std::size_t run) const;
    void make_all(const std::string& machine, const std::vector<std::size_t>& runs,
                  Columns& columns);
    // Where each begins, told with --verbose.
    void plan_starts(const std::string& machine, const std::vector<std::size_t>& runs,
                     ForkedRuns& forked, SharedStart& shared);
    void make_others(const std::string& machine, const std::vector<std::size_t>& runs,
                     ForkedRuns& forked, const SharedStart& shared, Columns& columns);
    Made make(const std::string& machine, std::size_t run, StartWatch* start = nullptr);
    // In a process of its own, which ends with it; or in this one.
    void fork_alone(const std::string& machine, std::size_t run, ForkedRuns& forked);
    [[noreturn]] void deliver(ForkedRuns& forked, const std::function<Made()>& make) const;
    void collect(std::size_t run, ForkedRuns& forked, Columns& columns);
    void become_silent();
    void tell(std::size_t run, const std::string& what) const;
    std::string label(std::size_t run) const;
    bool keep(std::size_t run, Made made, Columns& columns);

    const GuestRequest& guest_;
    const std::vector<std::string> labels_;
    const std::size_t runs_;  // of each machine
    SharedInput input_{STDIN_FILENO};
    RunStatus status_;
    std::shared_ptr<DigestedOutput> out_, error_;  // of the run that is made
    std::uint64_t expected_insns_ = 0;
    unsigned made_ = 0;
    int told_to_end_ = 0;
    bool printed_ = false, interrupted_ = false;
    std::vector<std::string> failures_;
};

}  // namespace uprobesim
