// SPDX-License-Identifier: GPL-2.0-or-later
// The programs of one simulation: in which order they start, what each waits for, and what their
// output says at the end.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel_model/kernel/kernel.h"
#include "kernel_model/run/run_loop.h"
#include "tools/simulation/attach_control.h"
#include "tools/simulation/guest_streams.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {

class Session {
public:
    // `streams` of the main program; null: the host's, where the line of `status` gives way to
    // them.
    Session(Kernel& kernel, RunLoop& run_loop, const SimulationRequest& request,
            const GuestStreams* streams, const Observers& observers, AttachControl& attach)
        : kernel_(kernel),
          run_loop_(run_loop),
          request_(request),
          streams_(streams),
          attach_(attach),
          status_(observers.status),
          watch_(observers.run_watch()),
          legs_(observers.legs) {}

    // Starts all programs. Refused: one cannot be loaded, or exits, gets stuck or reaches a limit
    // before what the next one waits for.
    tl::expected<void, RunRefused> start();
    // The main program, as long as the kernel keeps it.
    const Process& main() const { return *kernel_.processes().all().at(main_.pid); }
    ExitSummary finish();
    // Of a scenario's program; empty: the process is none.
    std::string program_name(std::int32_t pid) const;
    std::vector<ResultRow> results() const;

private:
    struct Running {
        std::string name;
        std::int32_t pid = 0;
        std::uint64_t begin_ns = 0;
        std::shared_ptr<DigestedOutput> out, error;  // null: not ours
    };
    tl::expected<void, RunRefused> start_one(const std::string& name, const ProgramRequest& program,
                                             Running& running);
    tl::expected<void, RunRefused> wait_until_ready(const BackgroundProgram& program,
                                                    const Running& running);
    bool is_listening(const BackgroundProgram& program) const;
    std::string seen_so_far(const BackgroundProgram& program, const Running& running) const;
    bool leaves_processes() const;
    RunRefused not_ready(const BackgroundProgram& program, const Running& running,
                         const std::optional<ExitSummary>& end, std::uint64_t deadline_ns) const;
    RunLimits limits() const;
    // Before the main program writes to the host.
    std::function<void()> before_write() const;
    const Running* named(const std::string& name) const;

    Kernel& kernel_;
    RunLoop& run_loop_;
    const SimulationRequest& request_;
    const GuestStreams* streams_;
    AttachControl& attach_;
    RunStatus* status_;
    RunWatch* watch_;
    LegWatch* legs_;
    std::vector<Running> background_;
    Running main_;
    std::uint64_t end_ns_ = 0;
    bool complete_ = false;  // the main program came to its own end
};

}  // namespace uprobesim
