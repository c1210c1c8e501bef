// SPDX-License-Identifier: GPL-2.0-or-later
// The host's side of a long run: a line on the terminal that says how far it is, the same line on
// SIGUSR1, an end with a partial report on SIGINT and SIGTERM. What it shows of the host's time
// never reaches a report.
#pragma once

#include <signal.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

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
    // Runs in other processes are waited for: the line says so.
    void waiting(std::size_t runs);
    // In a forked process: the line is the other one's, and how often it is told to end does not
    // matter.
    void silence();

private:
    static constexpr std::size_t kSignals = 3;
    void show(const std::string& text, bool wanted);
    std::array<struct sigaction, kSignals> before_{};
    bool on_terminal_;
    bool shown_ = false;
    std::uint64_t turns_ = 0;
    RunProgress progress_;
};

}  // namespace uprobesim
