// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/kernel_profile.h"
#include "tools/charts/charts.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/refusal.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/html/report_text.h"
#include "tools/report/report_document.h"
#include "tools/request/guest_request.h"
#include "tools/simulation/guest_streams.h"
#include "tools/simulation/refused_run.h"
#include "tools/simulation/scenario.h"
#include "tools/sliders/report_sheets.h"
#include "tools/views/run_views.h"
#include "tools/whatif/whatif.h"

namespace uprobesim {
namespace {

constexpr std::string_view kDescription =
    R"(Runs PROGRAM without probes, then with them on each kernel, and prints one table. The program gets
the same files, the same seed and the same standard input in every run; what it writes to files is
discarded. Its output is printed once; if a run prints or returns something different from the
first run, the report says so and the exit status is 1.

With several machines the table has a row for each run on each of them. A run is made once where the
machines differ in prices only and the program saw no clock: its counts are then priced on each.)";

constexpr std::string_view kExamples =
    R"(uprobesim compare -p 'uprobe:/bin/grep:*' /bin/grep -c GNU /usr/share/common-licenses/GPL-3
uprobesim compare -p 'uprobe:/bin/ls:*' --kernels v6.12,v6.13,v6.13+stp-copy /bin/ls /usr
uprobesim compare -p 'uprobe:/bin/ls:*' -f json -o table.json /bin/ls /usr
uprobesim compare -p 'uprobe:/bin/ls:*' -f html -o table.html /bin/ls /usr
uprobesim compare -p 'uprobe:/bin/ls:*' --machines kunpeng916,neoverse-n1 /bin/ls
uprobesim compare redis-set --attach-at ready
uprobesim compare redis-set --kernels v6.12,v6.13)";

// "/usr/bin/redis-server" -> "Redis-server"
std::string title_of(const std::string& program) {
    std::string title = program.substr(program.find_last_of('/') + 1);
    if (!title.empty())
        title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
    return printable(title);
}

// The profiles' labels if each has one of its own, else the names on the command line.
std::vector<std::string> labels_of(const SimulationRequest& request,
                                   const std::vector<std::string>& kernels) {
    std::vector<std::string> labels;
    for (const std::string& kernel : kernels) {
        const auto profile = load_kernel_profile(kernel, request.settings);
        const std::string label = profile ? profile->label : "";
        if (label.empty() || std::find(labels.begin(), labels.end(), label) != labels.end())
            return kernels;
        labels.push_back(label);
    }
    return labels;
}

bool unfinished(const CompareReport& report) {
    for (const ComparedRun& run : report.runs) {
        if (run.report.exit.kind == ExitKind::LimitReached ||
            run.report.exit.kind == ExitKind::Deadlock)
            return true;
    }
    return false;
}

// Makes the runs of one comparison. The guest's output is printed once, by the first run of all.
class Comparer {
public:
    explicit Comparer(const GuestRequest& guest)
        : guest_(guest),
          labels_(labels_of(guest.simulation, guest.kernels)),
          runs_(guest.kernels.size() + 1) {}

    // `first`: of the first machine, where this is another.
    tl::expected<CompareReport, RunRefused> on_machine(const std::string& machine,
                                                       const CompareReport* first) {
        CompareReport report;
        report.title = guest_.title.empty() ? title_of(guest_.simulation.program.arguments.front())
                                            : printable(guest_.title);
        for (std::size_t run = 0; run < runs_ && !interrupted_; ++run) {
            if (first != nullptr) {
                if (auto priced = repriced(first->runs[run], machine)) {
                    report.runs.push_back(std::move(*priced));
                    continue;
                }
            }
            auto made = make(machine, run, report);
            if (!made) return tl::make_unexpected(made.error());
            interrupted_ = made->report.exit.kind == ExitKind::Interrupted;
            report.runs.push_back(std::move(*made));
        }
        return report;
    }

    bool interrupted() const { return interrupted_; }

private:
    // The counts of a run elsewhere, if this machine differs in prices only and the guest could not
    // notice.
    static std::optional<ComparedRun> repriced(const ComparedRun& run, const std::string& machine) {
        auto priced = price_again(run.report, {.machine = machine});
        if (!priced || !priced->notes.empty()) return std::nullopt;
        ComparedRun here = run;
        here.report = std::move(priced->after);
        here.repriced = true;
        return here;
    }

    tl::expected<ComparedRun, RunRefused> make(const std::string& machine, std::size_t run,
                                               const CompareReport& so_far) {
        const bool probed = run != 0, prints = !printed_;
        SimulationRequest request = guest_.simulation;
        request.machine = machine;
        request.kernel = guest_.kernels[probed ? run - 1 : 0];
        if (!probed) request.probes = {};
        const auto clear = [this] { status_.clear(); };
        const auto out = std::make_shared<DigestedOutput>(1, prints ? STDOUT_FILENO : -1, clear);
        const auto error = std::make_shared<DigestedOutput>(2, prints ? STDERR_FILENO : -1, clear);
        const GuestStreams streams{input_.reader(), out, error};
        status_.begin({.number = ++made_,
                       .count = static_cast<unsigned>(runs_ * guest_.machines.size()),
                       .max_insns = request.max_insns,
                       .max_ns = request.max_ns,
                       // Probes hardly change what the program executes at EL0.
                       .expected_insns =
                           so_far.runs.empty() ? 0 : so_far.runs.front().report.user_insns.value});
        printed_ = true;
        auto result = simulate(request, &streams, {.status = &status_});
        if (!result) return tl::make_unexpected(result.error());
        return ComparedRun{probed ? labels_[run - 1] : "no uprobe",
                           std::move(*result),
                           out->digest().hash_text(),
                           error->digest().hash_text(),
                           out->digest().bytes,
                           error->digest().bytes};
    }

    const GuestRequest& guest_;
    const std::vector<std::string> labels_;
    const std::size_t runs_;  // of each machine
    SharedInput input_{STDIN_FILENO};
    RunStatus status_;
    unsigned made_ = 0;
    bool printed_ = false, interrupted_ = false;
};

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
                     kDescription,
                     kExamples,
                     {}},
            .words = ValueSource::Program,
            .rest = RestOfWords::GuestProgram,
            .is_scenario = is_scenario,
            .options = [] { return guest_options(GuestCommand::Compare); },
            .run = compare};
}

}  // namespace uprobesim
