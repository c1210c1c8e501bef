// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/commands/run_result.h"

#include "tools/charts/charts.h"
#include "tools/cli/refusal.h"
#include "tools/html/report_text.h"
#include "tools/report/report_document.h"
#include "tools/simulation/refused_run.h"
#include "tools/simulation/scenario.h"
#include "tools/sliders/report_sheets.h"

namespace uprobesim {

int show_result(const GuestRequest& request, const tl::expected<RunReport, RunRefused>& result,
                ReportOutput& output) {
    if (!result) return refuse_run(result.error(), scenario_names());
    const RunReport& report = *result;
    output.write(
        report_text_anyway({.document = [&] { return run_document(report, request.processes); },
                            .json = [&] { return run_report_json(report); },
                            .charts = [&] { return run_charts(report); },
                            .costs = [&] { return run_sheet(report); }},
                           request.report, output.on_terminal()));
    for (const std::string& warning : attach_warnings(report)) refuse({warning, "", ""});
    return exit_code_of(report.exit);
}

}  // namespace uprobesim
