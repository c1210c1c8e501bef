// SPDX-License-Identifier: GPL-2.0-or-later
// The composition root: builds machine, files, kernel and probes for one run, runs it, and takes
// the figures out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "kernel_model/files/file_system.h"
#include "kernel_model/hooks/leg_watch.h"
#include "kernel_model/hooks/run_watch.h"
#include "kernel_model/kernel/kernel.h"
#include "sim/base/error.h"
#include "sim/profile/figure.h"
#include "tools/report/report.h"
#include "tools/simulation/attach_point.h"
#include "tools/simulation/probe_list.h"
#include "tools/simulation/run_status.h"
#include "tools/simulation/scenario.h"

namespace uprobesim {

// A program that runs in the background of the main one, and is started before it.
struct BackgroundProgram {
    std::string name;
    ProgramRequest program;
    // The next program starts when a socket listens on the port and the text was printed.
    std::uint16_t ready_port = 0;  // 0: none
    std::string ready_output;      // empty: none
    // Simulated time within which that must happen.
    std::uint64_t ready_timeout_ns = kReadyTimeoutNs;
};

// Whether the next program waits for it.
inline bool is_awaited(const BackgroundProgram& program) {
    return program.ready_port != 0 || !program.ready_output.empty();
}

class Uprobes;

struct SimulationRequest {
    FileSystemOptions files;
    std::string machine = "kunpeng916";
    std::string kernel = "next-20241104";
    std::vector<Setting> settings;
    ProbeList probes;  // in the order of the command line
    AttachPlan attach;
    ProgramRequest program;
    std::string scenario;                       // as it was given; empty: there is one program
    std::string program_name;                   // in a scenario
    std::vector<BackgroundProgram> background;  // of a scenario, in order
    std::vector<ScenarioFile> new_files;
    std::vector<ScenarioResult> results;
    std::uint64_t seed = 1;
    std::uint64_t max_insns = 0;
    std::uint64_t max_ns = 0;  // simulated
    unsigned cpus = 1;         // simulated, up to Scheduler::kMaxCpus
    // The machine's CPU that each of them is, as far as lines that they share go; empty: its own
    // number's.
    std::vector<unsigned> places;
    std::uint64_t memory_bytes = std::uint64_t{2} << 30;
    std::vector<std::string> option_words;  // those given that the report does not name otherwise
    bool counting = true;  // false: for the benchmark; instruction and cycle totals are then zero
};

// Why there was no run: the line for the user and the exit code that goes with it.
struct RunRefused {
    UserError error;
    int exit_code = 0;
};

// Replace the host's stdin, stdout and stderr.
struct GuestStreams {
    std::shared_ptr<File> in, out, error;
};

// Observers of a run. They cannot affect the simulation, but for a debugger.
struct Observers {
    TrapObserver* observer = nullptr;  // called from the first instruction on
    RunStatus* status = nullptr;       // the terminal's line, and the signals that end the run
    RunWatch* watch = nullptr;         // in its place, where the run has no terminal
    LegWatch* legs = nullptr;
    DebugHook* debugger = nullptr;
    // Called before the first instruction; the files and the probes last as long as the run.
    std::function<void(FileSystem&, const Uprobes&)> begin{};
    // The main program was loaded, and has not run.
    std::function<void(Process&)> program_started{};
    // Nothing runs any more; the files and the probes are still there.
    std::function<void()> end{};

    RunWatch* run_watch() const { return status != nullptr ? status : watch; }
};

// Of several runs that are one until their probes are attached (tools/endings).
class StartWatch {
public:
    virtual ~StartWatch() = default;
    // The request's probes were added, and no program has started.
    virtual void added(Machine& machine, Uprobes& uprobes) = 0;
    // The attach point is reached, and nothing is attached yet. The run may go on as another one.
    virtual void reached(Kernel& kernel, Uprobes& uprobes, RunReport& report) = 0;
    // Whose run it is by now; null: that of the request it began with.
    virtual const SimulationRequest* goes_on_as() const = 0;
};

// Whether the folder can be a guest's root.
Outcome check_root(const std::string& root);
// Both profiles with the settings, and the machine's core: everything that `simulate` would refuse
// in them.
Outcome check_machine(const std::string& name, const std::vector<Setting>& settings);
Outcome check_kernel(const std::string& name, const std::vector<Setting>& settings);

// What a report says of its request before the run: where it is from, and what became of its
// probes.
Result<Provenance> provenance_of(const SimulationRequest& request, const MachineProfile& machine,
                                 const KernelProfile& kernel);
Result<std::vector<SpecRow>> add_probes(Uprobes& uprobes, const ProbeList& probes);

tl::expected<RunReport, RunRefused> simulate(const SimulationRequest& request,
                                             const GuestStreams* streams = nullptr,
                                             const Observers& observers = {},
                                             StartWatch* start = nullptr);

}  // namespace uprobesim
