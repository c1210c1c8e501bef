// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <string>
#include <vector>

#include "sim/base/try.h"
#include "tools/charts/charts.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/refusal.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/commands/compare/comparer.h"
#include "tools/html/report_text.h"
#include "tools/report/report_document.h"
#include "tools/request/probe_check.h"
#include "tools/simulation/refused_run.h"
#include "tools/simulation/scenario.h"
#include "tools/sliders/report_sheets.h"
#include "tools/views/run_views.h"

namespace uprobesim {
namespace {

constexpr std::string_view kCompareDescription =
    R"(Runs PROGRAM without probes, then with them on each kernel, and prints one table. The program gets
the same files, the same seed and the same standard input in every run; what it writes to files is
discarded. Its output is printed once; if a run prints or returns something different from the
first run, the report says so and the exit status is 1.

With several machines the table has a row for each run on each of them. A run is made once where the
machines differ in prices only and the program saw no clock: its counts are then priced on each.

With --attach-at the runs are the same until probes are attached. They have one start then, as far
as kernels and machines do not differ in it, and the process forks. Runs go on at the same time,
--jobs of them. Neither changes the report.)";

constexpr std::string_view kCompareExamples =
    R"(uprobesim compare -p 'uprobe:/bin/grep:*' /bin/grep -c GNU /usr/share/common-licenses/GPL-3
uprobesim compare -p 'uprobe:/bin/ls:*' --kernels v6.12,v6.13,v6.13+stp-copy /bin/ls /usr
uprobesim compare -p 'uprobe:/bin/ls:*' -f json -o table.json /bin/ls /usr
uprobesim compare -p 'uprobe:/bin/ls:*' -f html -o table.html /bin/ls /usr
uprobesim compare -p 'uprobe:/bin/ls:*' --machines kunpeng916,neoverse-n1 /bin/ls
uprobesim compare redis-set --attach-at ready
uprobesim compare redis-set --kernels v6.12,v6.13)";

bool unfinished(const CompareReport& report) {
    for (const ComparedRun& run : report.runs) {
        if (run.report.exit.kind == ExitKind::LimitReached ||
            run.report.exit.kind == ExitKind::Deadlock)
            return true;
    }
    return false;
}

std::string grid_text(const CompareGrid& grid, const GuestRequest& guest, bool on_terminal) {
    const CompareReport& only = grid.machines.front();
    const bool one = guest.machines.size() == 1;
    // A page folds what is long.
    const CompareDetail detail = guest.report.all || guest.report.format == ReportFormat::Html
                                     ? CompareDetail::Full
                                     : CompareDetail::Brief;
    ReportForms forms;
    if (one) {
        forms = {.document = [&] { return compare_document(only, detail, guest.processes); },
                 .json = [&] { return compare_report_json(only); },
                 .charts = [&] { return compare_charts(only); },
                 .costs = [&] { return compare_sheet(only); }};
    } else {
        forms = {.document = [&] { return compare_grid_document(grid); },
                 .json = [&] { return compare_grid_json(grid); },
                 .charts = [&] { return compare_grid_charts(grid); }};
    }
    return report_text_anyway(forms, guest.report, on_terminal);
}

// One line for what was the same in several runs.
void warn_of_points(const CompareGrid& grid) {
    std::vector<std::string> told;
    for (const CompareReport& machine : grid.machines) {
        for (const ComparedRun& run : machine.runs) {
            for (const std::string& line : attach_warnings(run.report)) {
                if (std::find(told.begin(), told.end(), line) != told.end()) continue;
                refuse({line, "", ""});
                told.push_back(line);
            }
        }
    }
}

Result<int> compare(const CommandLine& line, const OptionDefaults& defaults) {
    const auto guest = TRY(read_guest_request(GuestCommand::Compare, line, defaults));
    auto output = TRY(ReportOutput::open(guest.report.output));
    SimulationRequest first = guest.simulation;
    first.machine = guest.machines.front();
    TRY(check_probes(first, guest.kernels));
    Comparer comparer(guest);
    CompareGrid grid;
    for (const std::string& machine : guest.machines) {
        if (comparer.interrupted()) break;
        auto report =
            comparer.on_machine(machine, grid.machines.empty() ? nullptr : &grid.machines.front());
        if (!report) return refuse_run(report.error(), scenario_names());
        grid.machines.push_back(std::move(*report));
    }
    output.write(grid_text(grid, guest, output.on_terminal()));
    warn_of_points(grid);
    for (const std::string& failure : comparer.failures()) refuse({failure, "", ""});
    if (!comparer.failures().empty()) return kExitHostFailure;
    const CompareReport& last = grid.machines.back();
    if (comparer.interrupted()) return exit_code_of(last.runs.back().report.exit);
    if (std::any_of(grid.machines.begin(), grid.machines.end(), unfinished)) return kExitUnfinished;
    bool alike = true;
    for (const CompareReport& report : grid.machines) {
        for (const std::string& difference : differences(report)) {
            refuse({difference, "", ""});
            alike = false;
        }
    }
    return alike ? 0 : kExitDiffers;
}

}  // namespace

Command compare_command() {
    return {.name = "compare",
            .meaning = "run without probes, then with them on each kernel",
            .help = {{"[options] PROGRAM [ARGUMENTS...]", "[options] SCENARIO [options]"},
                     kCompareDescription,
                     kCompareExamples,
                     {}},
            .words = ValueSource::Program,
            .rest = RestOfWords::GuestProgram,
            .is_scenario = is_scenario,
            .options = [] { return guest_options(GuestCommand::Compare); },
            .run = compare};
}

}  // namespace uprobesim
