// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/kernel_profile.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/refusal.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/commands/guest_request.h"
#include "tools/report/report_document.h"
#include "tools/simulation/guest_streams.h"
#include "tools/simulation/refused_run.h"
#include "tools/simulation/scenario.h"
#include "tools/views/run_views.h"

namespace uprobesim {
namespace {

constexpr std::string_view kDescription =
    R"(Runs PROGRAM without probes, then with them on each kernel, and prints one table. The program gets
the same files, the same seed and the same standard input in every run; what it writes to files is
discarded. Its output is printed once; if a run prints or returns something different from the
first run, the report says so and the exit status is 1.)";

constexpr std::string_view kExamples =
    R"(uprobesim compare -p 'uprobe:/bin/grep:*' /bin/grep -c GNU /usr/share/common-licenses/GPL-3
uprobesim compare -p 'uprobe:/bin/ls:*' --kernels v6.12,v6.13,v6.13+stp-copy /bin/ls /usr
uprobesim compare -p 'uprobe:/bin/ls:*' -f json -o table.json /bin/ls /usr
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

Result<int> compare(const CommandLine& line, const OptionDefaults& defaults) {
    const auto guest = TRY(read_guest_request(GuestCommand::Compare, line, defaults));
    auto output = TRY(ReportOutput::open(guest.report.output));

    CompareReport report;
    report.title = guest.title.empty() ? title_of(guest.simulation.program.arguments.front())
                                       : printable(guest.title);
    SharedInput input(STDIN_FILENO);
    const std::vector<std::string> labels = labels_of(guest.simulation, guest.kernels);
    RunStatus status;
    bool interrupted = false;
    for (std::size_t run = 0; run <= guest.kernels.size() && !interrupted; ++run) {
        const bool first = run == 0;
        SimulationRequest request = guest.simulation;
        request.kernel = guest.kernels[first ? 0 : run - 1];
        if (first) request.probes = {};
        const auto clear = [&status] { status.clear(); };
        const auto out = std::make_shared<DigestedOutput>(1, first ? STDOUT_FILENO : -1, clear);
        const auto error = std::make_shared<DigestedOutput>(2, first ? STDERR_FILENO : -1, clear);
        const GuestStreams streams{input.reader(), out, error};
        status.begin({.number = static_cast<unsigned>(run + 1),
                      .count = static_cast<unsigned>(guest.kernels.size() + 1),
                      .max_insns = request.max_insns,
                      .max_ns = request.max_ns,
                      // Probes hardly change what the program executes at EL0.
                      .expected_insns = first ? 0 : report.runs.front().report.user_insns.value});
        auto result = simulate(request, &streams, {.status = &status});
        if (!result) return refuse_run(result.error(), scenario_names());
        interrupted = result->exit.kind == ExitKind::Interrupted;
        report.runs.push_back({first ? "no uprobe" : labels[run - 1], std::move(*result),
                               out->digest().hash_text(), error->digest().hash_text(),
                               out->digest().bytes, error->digest().bytes});
    }
    const CompareDetail detail = guest.report.all ? CompareDetail::Full : CompareDetail::Brief;
    output.write(guest.report.format == ReportFormat::Json
                     ? compare_report_json(report)
                     : written(compare_document(report, detail, guest.processes),
                               guest.report.style(output.on_terminal())));
    if (interrupted) return exit_code_of(report.runs.back().report.exit);
    if (unfinished(report)) return kExitUnfinished;
    const std::vector<std::string> differing = differences(report);
    for (const std::string& difference : differing) refuse({difference, "", ""});
    return differing.empty() ? 0 : kExitDiffers;
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
