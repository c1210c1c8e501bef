// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "sim/base/text.h"
#include "sim/profile/kernel_profile.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/refusal.h"
#include "tools/cli/report_output.h"
#include "tools/commands/command.h"
#include "tools/commands/commands.h"
#include "tools/report/report_document.h"
#include "tools/simulation/guest_streams.h"
#include "tools/views/run_views.h"

namespace uprobesim {
namespace {

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

}  // namespace

int compare_command(const Words& words, const OptionDefaults& defaults) {
    const auto parsed = parse_guest_options(GuestVerb::Compare, words, defaults);
    if (!parsed) return refuse(parsed.error());
    const Options& options = *parsed;
    if (options.help) {
        fmt::print("{}", compare_help());
        return 0;
    }
    auto output = ReportOutput::open(options.output);
    if (!output) return refuse(output.error());

    CompareReport report;
    report.title = options.title.empty() ? title_of(options.simulation.program.arguments.front())
                                         : printable(options.title);
    SharedInput input(STDIN_FILENO);
    const std::vector<std::string> labels = labels_of(options.simulation, options.kernels);
    RunStatus status;
    bool interrupted = false;
    for (std::size_t run = 0; run <= options.kernels.size() && !interrupted; ++run) {
        const bool first = run == 0;
        SimulationRequest request = options.simulation;
        request.kernel = options.kernels[first ? 0 : run - 1];
        if (first) request.probes = {};
        const auto clear = [&status] { status.clear(); };
        const auto out = std::make_shared<DigestedOutput>(1, first ? STDOUT_FILENO : -1, clear);
        const auto error = std::make_shared<DigestedOutput>(2, first ? STDERR_FILENO : -1, clear);
        const GuestStreams streams{input.reader(), out, error};
        auto result = simulate(request, &streams, {.status = &status});
        if (!result) return refuse_run(result.error());
        interrupted = result->exit.kind == ExitKind::Interrupted;
        report.runs.push_back({first ? "no uprobe" : labels[run - 1], std::move(*result),
                               out->digest().hash_text(), error->digest().hash_text(),
                               out->digest().bytes, error->digest().bytes});
    }
    const CompareDetail detail = options.style.all ? CompareDetail::Full : CompareDetail::Brief;
    const auto processes = options.per_process ? ProcessDetail::PerProcess : ProcessDetail::None;
    output->write(options.style.format == ReportFormat::Json
                      ? compare_report_json(report)
                      : written(compare_document(report, detail, processes), options.style));
    if (interrupted) return exit_code_of(report.runs.back().report.exit);
    if (unfinished(report)) return kExitUnfinished;
    const std::vector<std::string> differing = differences(report);
    for (const std::string& difference : differing) refuse({difference, "", ""});
    return differing.empty() ? 0 : kExitDiffers;
}

}  // namespace uprobesim
