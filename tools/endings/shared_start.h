// SPDX-License-Identifier: GPL-2.0-or-later
// Runs with one start and many endings. Until probes are attached it is the first one's run; there
// the process forks into one for each of the others, which goes on with its own kernel, machine,
// settings and probes. Each is to the byte what it is when it is run alone; where that cannot be,
// it is not forked, and why is said.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/fork/forked_runs.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {

class SharedStart final : public StartWatch {
public:
    // `in_child`: called in each forked process, before it goes on.
    SharedStart(ForkedRuns& runs, std::function<void()> in_child);
    ~SharedStart() override;
    SharedStart(const SharedStart&) = delete;
    SharedStart& operator=(const SharedStart&) = delete;

    // The run of this number, whose request is equal to the first one's up to the attach point as
    // far as start_difference() can tell.
    void add(std::size_t number, SimulationRequest request);
    bool empty() const { return endings_.empty(); }
    bool has(std::size_t number) const { return find(number) != nullptr; }
    // What cannot be run at all.
    const std::map<std::size_t, RunRefused>& refused() const { return refused_; }
    // Why it has not been forked; empty: it has, or was refused.
    std::string why_alone(std::size_t number) const;

    void added(Machine& machine, Uprobes& uprobes) override;
    void reached(Kernel& kernel, Uprobes& uprobes, RunReport& report) override;
    const SimulationRequest* goes_on_as() const override { return now_; }

private:
    struct Ending;
    const Ending* find(std::size_t number) const;
    tl::expected<void, UserError> prepare(Ending& ending, Machine& machine, Uprobes& uprobes);
    void go_on_as(Ending& ending, Kernel& kernel, Uprobes& uprobes, RunReport& report);

    ForkedRuns& runs_;
    std::function<void()> in_child_;
    std::vector<std::unique_ptr<Ending>> endings_;
    std::map<std::size_t, RunRefused> refused_;
    const SimulationRequest* now_ = nullptr;
};

}  // namespace uprobesim
