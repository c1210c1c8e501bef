// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "tools/cli/exit_code.h"
#include "tools/cli/refusal.h"
#include "tools/cli/report_output.h"
#include "tools/commands/command.h"
#include "tools/commands/commands.h"
#include "tools/report/report_document.h"
#include "tools/views/run_views.h"

namespace uprobesim {

int run_command(const Words& words, const OptionDefaults& defaults) {
    const auto parsed = parse_guest_options(GuestVerb::Run, words, defaults);
    if (!parsed) return refuse(parsed.error());
    const Options& options = *parsed;
    if (options.help) {
        fmt::print("{}", run_help());
        return 0;
    }
    auto output = ReportOutput::open(options.output);
    if (!output) return refuse(output.error());
    RunStatus status;
    const auto views = RunViews::open(options.view, status);
    if (!views) return refuse(views.error());
    const auto report = simulate(options.simulation, nullptr, (*views)->onlookers(status));
    (*views)->finish();
    if (!report) return refuse_run(report.error());
    const auto processes = options.per_process ? ProcessDetail::PerProcess : ProcessDetail::None;
    output->write(options.style.format == ReportFormat::Json
                      ? run_report_json(*report)
                      : written(run_document(*report, processes), options.style));
    return exit_code_of(report->exit);
}

}  // namespace uprobesim
