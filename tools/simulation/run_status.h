// SPDX-License-Identifier: GPL-2.0-or-later
// The host's side of a long run: a line on the terminal that says how far it is, the same line on
// SIGUSR1, an end with a partial report on SIGINT and SIGTERM. What it shows of the host's time
// never reaches a report.
#pragma once

#include <signal.h>

#include <array>
#include <cstdint>
#include <string>

#include "kernel_model/hooks/run_watch.h"

namespace uprobesim {

struct RunFigures {
    std::uint64_t simulated_ns = 0;
    std::uint64_t insns = 0;
    std::uint64_t hits = 0;
    std::uint64_t tasks = 0;
};
// "simulated 188.002 ms, 1,060,234,493 EL0 insns, 310.0 MIPS, 1,234 hits, 3 tasks": short enough
// for a terminal. `mips`: of the host, lately; negative: not known.
std::string status_text(const RunFigures& figures, double mips);

class RunStatus final : public RunWatch {
public:
    // Takes the three signals until it goes; a second SIGINT or SIGTERM kills at once, and what the
    // caller ignores (nohup, a job in the background) stays ignored. There is one at a time: a
    // process has one set of handlers.
    RunStatus();
    ~RunStatus() override;
    RunStatus(const RunStatus&) = delete;
    RunStatus& operator=(const RunStatus&) = delete;

    void turn(const Kernel& kernel) override;
    // Takes the line away, before anything else is written to the terminal.
    void clear();
    bool on_terminal() const { return on_terminal_; }

private:
    double mips_since_last(std::uint64_t insns, std::int64_t now_ns);

    static constexpr std::size_t kSignals = 3;
    std::array<struct sigaction, kSignals> before_{};
    bool on_terminal_;
    bool shown_ = false;
    std::uint64_t turns_ = 0;
    std::int64_t last_ns_;  // of the host
    std::uint64_t last_insns_ = 0;
};

}  // namespace uprobesim
