// SPDX-License-Identifier: GPL-2.0-or-later
// The report of a run as values: settings, counts and costs. It needs no machine, so a report can
// be made by hand, written and compared. report_document.h turns it into documents for people,
// report_json.cpp into JSON with the same content.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kernel_model/hooks/run_result.h"
#include "sim/base/units.h"
#include "sim/cost/ledger.h"
#include "sim/cost/shared_lines.h"

namespace uprobesim {

struct NamedCount {
    std::string name;
    std::uint64_t times = 0;
};

// What of a row is on one account.
struct AccountShare {
    std::uint64_t times = 0;
    std::uint64_t units = 0;
    CentiCycles cycles;
};
using AccountShares = std::array<AccountShare, kAccountCount>;

struct ExceptionRow {
    std::string name;
    std::uint64_t times = 0;
    CentiCycles cycles;  // hardware entry and return
    AccountShares accounts{};
    double insns = 0;  // EL1's, beyond what the paths hold
};

std::string_view work_group_name(WorkGroup group);

struct PathRow {
    std::string name;
    std::string unit;  // of `units`; empty: the path has a fixed cost only
    WorkGroup group = WorkGroup::SystemCalls;
    std::uint64_t times = 0;
    std::uint64_t units = 0;
    double insns = 0;  // at EL1, as the kernel profile estimates
    CentiCycles cycles;
    AccountShares accounts{};
};

// Lines or locks of one kind that CPUs have waited for each other's use of.
struct LineRow {
    std::string name;           // "mmap-lock"
    std::uint64_t objects = 0;  // how many there are
    LineUse use;
    std::array<CentiCycles, kAccountCount> accounts{};  // what of the waiting is on each
};

// Breakpoints that could not be placed.
struct NotPlacedRow {
    std::string reason;  // a word: "unreadable"
    std::string meaning;
    std::uint64_t times = 0;
};

struct ProbeRow {
    std::string name;    // "uprobe:/bin/grep:main"
    std::string binary;  // guest path
    std::uint64_t file_offset = 0;
    std::string instruction;
    std::string verdict;  // "step", or the handler that emulates
    std::uint64_t hits = 0;
    std::uint64_t stepped = 0;
    std::uint64_t emulated = 0;
    CentiCycles cycles;      // all hits together, exceptions included
    bool is_return = false;  // the return of what it is on is probed too
    std::uint64_t returns = 0;
    std::uint64_t missed_returns = 0;  // of calls nested too deeply, mostly
    LineUse shared{};                  // of lines that other CPUs use; the waiting is in `cycles`
    std::vector<NotPlacedRow> not_placed{};  // those that there were
};

struct RunReport;

// What became of one spec of the command line.
struct RefusedRow {
    std::string symbol;
    std::uint64_t file_offset = 0;
    std::string instruction;
    std::string reason;
};
struct SpecRow {
    std::string spec;
    std::uint64_t attached = 0;
    std::vector<RefusedRow> refused;  // those of a pattern that the kernel does not accept
};

// A probe that could not be registered with the programs that ran.
struct FailedProbeRow {
    std::string probe;
    std::string reason;  // a word: "unreadable"
    std::string meaning;
};

// Probes came to programs that ran, or went.
struct RegistrationRow {
    std::string point;                   // as it was given: "ready", "1.5s"
    std::optional<std::uint64_t> at_ns;  // nothing: the run did not get there
    std::string not_reached;             // then: how far it got
    std::uint64_t events = 0;
    std::uint64_t processes = 0;
    std::uint64_t mappings = 0;
    std::uint64_t pages = 0;
    std::uint64_t read_in = 0;  // pages that were not there before
    std::uint64_t breakpoints = 0;
    // The work of whoever attaches, by cycles, then name. No guest is charged for it.
    std::vector<PathRow> paths;
    double wait_ns = 0;  // that it sleeps besides
    std::vector<FailedProbeRow> failed{};
};
struct AttachReport {
    RegistrationRow attach;
    std::optional<RegistrationRow> detach;
    // Only what happened while the probes were there is counted.
    bool roi = false;
    // Returns of calls that were under way when the probes went.
    std::uint64_t late_returns = 0;
};
CentiCycles cycles_of(const RegistrationRow& row);
// What to tell the user who asked for a point that the run did not reach, one line each.
std::vector<std::string> attach_warnings(const RunReport& report);

// Bytes of a guest file that the host's disk did not take.
struct LostWriteRow {
    std::string path;
    std::string error;
};

struct UnmodelledRow {
    std::string name;
    std::uint64_t times = 0;
    std::string note;
};

struct KeyText {
    std::string key;
    std::string value;
};

struct ProfileId {
    std::string name;
    std::string description;
    std::string hash;
    std::string given_as{};  // on the command line: a name, or a file
    // Its keys that are no prices: pricing again cannot change them.
    std::vector<KeyText> behaviour{};
};

struct ScenarioProgram {
    std::string name;
    std::vector<std::string> arguments;
};

struct Provenance {
    std::string version;
    ProfileId kernel;
    ProfileId machine;
    std::uint64_t seed = 0;
    std::vector<std::string> arguments;     // of the program, or the scenario
    std::vector<ScenarioProgram> programs;  // of a scenario, in the order in which they start
    std::vector<std::string> probes;        // as on the command line
    std::vector<std::string> settings;      // "machine.ops.isb=0"
    std::string program;                    // guest path, links resolved
    std::string program_hash;               // FNV-1a 64 of its bytes
    std::vector<std::string> options;       // the run's other options, as words
};

// What a thread did and what was charged for it.
struct TaskFigures {
    InsnCount insns;
    CentiCycles user_cycles;
    CentiCycles kernel_cycles;
    CentiCycles probe_cycles;  // of the kernel's: hits, and placing breakpoints
    std::uint64_t exceptions = 0;
    std::uint64_t hits = 0;

    CentiCycles cycles() const { return user_cycles + kernel_cycles; }
    TaskFigures& operator+=(const TaskFigures& o);
};
struct ThreadRow {
    std::int32_t id = 0;
    std::string name;  // comm
    TaskFigures figures;
};
struct ProcessRow {
    std::int32_t pid = 0;
    std::string name;  // of a scenario's program, else the first thread's
    std::vector<ThreadRow> threads;

    TaskFigures figures() const;
};

// A figure that a scenario reads off a run.
struct ResultRow {
    std::string name;
    std::string unit;
    bool higher_is_better = true;
    std::optional<double> value;  // nothing: the run did not give it
};

struct RunReport {
    Provenance provenance;
    std::optional<AttachReport> attachment;  // if one was asked for
    std::vector<ResultRow> results;          // in the scenario's order
    ExitSummary exit;

    InsnCount user_insns;
    CentiCycles user_cycles;
    std::vector<NamedCount> classes;        // by count, then name
    std::vector<ExceptionRow> exceptions;   // those taken, in the order of the enumeration
    std::vector<PathRow> paths;             // those taken, by cycles, then name
    std::vector<NamedCount> syscalls;       // by count, then name
    std::vector<SpecRow> specs;             // in the order of the command line
    std::vector<ProbeRow> probes;           // in the order of the specs, then of the offset
    std::vector<ProcessRow> processes;      // by pid, ended ones too; not in a report that was read
    std::vector<UnmodelledRow> unmodelled;  // by name
    std::vector<LostWriteRow> lost_writes;  // by path
    std::uint64_t idle_ns = 0;              // all CPUs together
    std::uint64_t cpus = 1;
    std::vector<std::uint64_t> cpu_busy_ns;  // of each
    bool contention = false;     // of several CPUs on a machine that says what sharing lines costs
    std::vector<LineRow> lines;  // those used, the most waited for first; then by name
    std::uint64_t counter_reads = 0;  // CNTVCT_EL0 and CNTFRQ_EL0 at EL0, without an exception
    std::uint64_t elapsed_ns = 0;     // from the start to the end of the first process
    double frequency_hz = 1;
    std::uint64_t memory_peak_bytes = 0;
};

// What follows from the rows.
struct Totals {
    std::uint64_t exceptions = 0;
    CentiCycles exception_cycles;
    CentiCycles path_cycles;
    CentiCycles wait_cycles;    // of CPUs for each other's lines
    CentiCycles kernel_cycles;  // the three together
    double kernel_insns = 0;
    double user_ns = 0;
    double kernel_ns = 0;
    double busy_ns = 0;   // user and kernel, all CPUs together
    double total_ns = 0;  // what a clock on the wall shows: with one CPU, user, kernel and idle

    std::uint64_t hits = 0;
    std::uint64_t stepped = 0;
    std::uint64_t emulated = 0;
    std::array<CentiCycles, kAccountCount> account_cycles{};  // kernel work and exceptions
    CentiCycles hit_cycles;                                   // of the account ProbeHit
    CentiCycles placing_cycles;                               // of the account ProbePlace

    double mean_hit_cycles() const;
    std::array<CentiCycles, kWorkGroups.size()> group_cycles{};  // paths only, by WorkGroup
};
Totals totals_of(const RunReport& report);
double to_ns(CentiCycles cycles, double frequency_hz);
// Divides a row's cycles by its accounts' shares in its times and units, at these prices of one
// time and of some units. Roundings go to the last account that has a share.
void divide_by_account(AccountShares& accounts, CentiCycles cycles, CentiCycles each,
                       const std::function<CentiCycles(std::uint64_t units)>& of_units);
std::uint64_t exceptions_named(const RunReport& report, std::string_view name);

std::string_view exit_kind_name(
    ExitKind kind);  // "exited", "signalled", "limit-reached", "deadlock", "interrupted"
std::optional<ExitKind> exit_kind_named(std::string_view name);
// "exited with status 1", "killed by signal 11 (...)".
std::string exit_text(const ExitSummary& exit);
// "task 1001 (cat) waits in read for descriptor 0, pipe:[1004]".
std::string waiting_text(const WaitingTask& waiting);
// The exit status of `run`.
int exit_code_of(const ExitSummary& exit);

// One column of a comparison.
struct ComparedRun {
    std::string label;  // "no uprobe", "single-stepped STP"
    RunReport report;
    // What the guest wrote: FNV-1a 64 and length of each stream.
    std::string stdout_hash, stderr_hash;
    std::uint64_t stdout_bytes = 0, stderr_bytes = 0;
    // Not run: the counts of the same run on another machine, at this one's prices.
    bool repriced = false;
};

struct CompareReport {
    std::string title;              // "Grep"
    std::vector<ComparedRun> runs;  // the first is the one the others are compared with
};
// Why the runs did not behave alike, one line each; empty: they did.
std::vector<std::string> differences(const CompareReport& report);

// The same comparison on several machines.
struct CompareGrid {
    std::vector<CompareReport> machines;
};

std::string run_report_json(const RunReport& report);
std::string compare_report_json(const CompareReport& report);
std::string compare_grid_json(const CompareGrid& grid);

}  // namespace uprobesim
