// SPDX-License-Identifier: GPL-2.0-or-later
// One hit, or one exception, on each of several kernels, recorded step by step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/explain/exception_kind.h"
#include "tools/explain/hit_event.h"
#include "tools/format/document.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {

struct ExplainRequest {
    SimulationRequest simulation;  // the kernel is set for each run
    std::vector<std::string> kernels;
    const ExceptionKind* exception = nullptr;  // null: a hit of a probe is explained
    std::uint64_t hit = 1;                     // which hit, or which exception of its kind
};

struct ExplainedRun {
    KernelProfile kernel;
    std::string probe;        // of the hit's place
    std::string instruction;  // at which the exception was taken
    std::string verdict;      // of a hit: "step", or the handler that emulates
    // Of an exception: file, offset and function; program and task.
    std::string place, task;
    bool finished = false;  // else the program ended first, as `end` says
    std::string end;
    HitState before;
    std::vector<HitEvent> events;
    RunReport whole;        // of the run that the hit is one of
    bool repriced = false;  // not made here: the counts of the first machine's, at other prices

    bool is_hit() const { return !verdict.empty(); }
};

struct ExplainReport {
    std::string version;
    MachineProfile machine;
    std::vector<std::string> settings;
    std::vector<std::string> command;
    std::vector<std::string> probes;
    std::uint64_t seed = 1;
    const ExceptionKind* exception = nullptr;  // null: a hit
    std::uint64_t hit = 1;
    std::vector<ExplainedRun> runs;
};

tl::expected<ExplainReport, RunRefused> explain(const ExplainRequest& request);

// A hit or an exception in numbers.
struct HitTotals {
    std::uint64_t exceptions = 0;  // taken from EL0
    double el1_insns = 0;
    CentiCycles cycles;
};
HitTotals hit_totals(const MachineProfile& machine, const ExplainedRun& run);
// "the 3rd system call"
std::string exception_title(const ExplainReport& report);
// EL1 instructions of one charge; 0: it has none.
double event_insns(const MachineProfile& machine, const KernelProfile& kernel,
                   const HitEvent& event);

// What changed between two moments, a line each: "TIF_UPROBE set", "pc 0x400 -> 0x7f8".
std::vector<std::string> state_changes(const HitState& from, const HitState& to);

// CSV has the steps of every run.
Document explain_document(const ExplainReport& report);
// Without `indent` all of it is one line.
std::string explain_report_json(const ExplainReport& report, bool indent = true);
// The trap explorer: one file for a browser, with the JSON and the text in it.
std::string explain_html(const ExplainReport& report);

}  // namespace uprobesim
