// SPDX-License-Identifier: GPL-2.0-or-later
// The host's side of a long run: a line on the terminal that says how far it is, the same line on
// SIGUSR1, an end with a partial report on SIGINT and SIGTERM. What it shows of the host's time
// never reaches a report.
#pragma once

#include <signal.h>

#include <array>
#include <cstdint>

#include "kernel_model/hooks/run_watch.h"
#include "tools/simulation/run_progress.h"

namespace uprobesim {

class RunStatus final : public RunWatch {
public:
    // Takes the three signals until it goes; a second SIGINT or SIGTERM kills the process, and what
    // the caller ignores (nohup, a job in the background) stays ignored. There is one at a time: a
    // process has one set of handlers.
    RunStatus();
    ~RunStatus() override;
    RunStatus(const RunStatus&) = delete;
    RunStatus& operator=(const RunStatus&) = delete;

    // The next run of the command begins.
    void begin(const RunPlan& plan);
    void turn(const Kernel& kernel) override;
    // Erases the line. Called before anything else is written to the terminal.
    void clear();
    bool on_terminal() const { return on_terminal_; }

private:
    static constexpr std::size_t kSignals = 3;
    std::array<struct sigaction, kSignals> before_{};
    bool on_terminal_;
    bool shown_ = false;
    std::uint64_t turns_ = 0;
    RunProgress progress_;
};

}  // namespace uprobesim
