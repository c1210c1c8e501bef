// SPDX-License-Identifier: GPL-2.0-or-later
// A program of the guest, run under probes on a simulated machine: `uprobesim run`.
//
// Simulations share nothing: there may be several in a process, one after the other or each in a
// thread of its own, and each gives the bytes that it gives alone. run() works in the thread that
// calls it, starts no other, and leaves the process as it was: no signal handler, no limit, no
// folder. It needs a sysroot (docs/library.md).
#pragma once

#include <uprobesim/error.h>
#include <uprobesim/export.h>
#include <uprobesim/options.h>
#include <uprobesim/report.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace uprobesim {

// How far a run is.
struct Progress {
    std::uint64_t simulated_ns = 0;
    std::uint64_t instructions = 0;  // executed at EL0
    std::uint64_t hits = 0;          // of all probes
    std::uint64_t tasks = 0;         // alive
};

struct RunControl {
    // Called from the run, every `progress_every_ms` of the host's time and at most some 50 ms
    // later; false ends the run. What it throws ends the run too, and comes out of run().
    std::function<bool(const Progress&)> progress{};
    unsigned progress_every_ms = 100;
    // Ends the run from another thread.
    std::stop_token stop{};
};

class UPROBESIM_API Simulation {
public:
    // The program and its arguments, as paths in the guest: {"/bin/ls", "/usr"}. Or the name or
    // TOML file of a scenario alone. `options`: those of `uprobesim run`.
    explicit Simulation(std::vector<std::string> program, Options options = {});

    // What the program reads at its standard input, a pipe; without it, the pipe is empty.
    Simulation& input(std::string bytes);
    // Standard input, output and error are those of this process, as they are of `uprobesim run`.
    // Without it, the outputs are pipes, and what comes out of them is in the report.
    Simulation& use_host_streams();

    // Whether run() would refuse the program's words or an option; nothing is run.
    Expected<void> check() const;
    // May be called again, and gives the same bytes again. A run that the guest ends by a signal,
    // or a limit of the options, is a report, not an error.
    Expected<Report> run(const RunControl& control = {}) const;

private:
    std::vector<std::string> program_;
    Options options_;
    std::optional<std::string> input_;
    bool host_streams_ = false;
};

}  // namespace uprobesim
