// SPDX-License-Identifier: GPL-2.0-or-later
// A saved run with other cost parameters.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "sim/base/try.h"
#include "tools/charts/charts.h"
#include "tools/cli/report_options.h"
#include "tools/report/report_read.h"
#include "tools/request/prepared_report.h"
#include "tools/sliders/report_sheets.h"
#include "tools/whatif/whatif.h"

namespace uprobesim {
namespace {

Result<SavedRun> choose_run(std::vector<SavedRun> runs, const std::string& wanted) {
    if (wanted.empty() && runs.size() == 1) return std::move(runs.front());
    std::vector<std::string> labels;
    for (SavedRun& run : runs) {
        labels.push_back(fmt::format("'{}'", run.label));
        if (!wanted.empty() && (run.label == wanted || std::to_string(labels.size()) == wanted))
            return std::move(run);
    }
    return user_error(wanted.empty() ? "the report has several runs"
                                     : fmt::format("no run is labelled '{}'", wanted),
                      "--run", fmt::format("one of: {}", fmt::join(labels, ", ")));
}

Result<WhatIfRequest> read_request(const CommandLine& line) {
    if (line.rest().size() != 1)
        return user_error("one report is needed", "whatif",
                          "for example: uprobesim whatif report.json --range");
    WhatIfRequest request;
    request.machine = TRY(line.name("machine", ""));
    request.kernel = TRY(line.name("kernel", ""));
    request.low = line.given("low") || line.given("range");
    request.high = line.given("high") || line.given("range");
    TRY(read_settings(line, request.settings));
    if (!request.machine.empty())
        TRY(line.about("machine", load_machine_profile(request.machine, {})));
    if (!request.kernel.empty()) TRY(line.about("kernel", load_kernel_profile(request.kernel, {})));
    return request;
}

Result<PreparedReport> prepare(const CommandLine& line, const WhatIfRequest& request,
                               std::vector<SavedRun> runs) {
    const auto chosen = TRY(choose_run(std::move(runs), line.one("run", "")));
    // What cannot be priced again is a mistake in the options.
    auto result = TRY(price_again(chosen.report, request));
    const auto report = std::make_shared<WhatIfReport>(
        WhatIfReport{line.rest().front(), chosen.label, std::move(result)});
    return [report]() -> Result<ComputedReport> {
        return ComputedReport{.forms = {.document = [=] { return whatif_document(*report); },
                                        .json = [=] { return whatif_json(*report); },
                                        .charts = [=] { return whatif_charts(*report); },
                                        .costs = [=] { return whatif_sheet(*report); }},
                              .figures = [=]() -> Result<Figures> {
                                  return figures_of_runs({&report->result.after}, {});
                              }};
    };
}

}  // namespace

OptionTable whatif_options() {
    OptionTable table;
    add_set_option(table, "change one key, machine.KEY or kernel.KEY; can be repeated");
    add_machine_option(table, "machine profile: a name or a TOML file (default: the run's)");
    add_kernel_option(table, "kernel profile: a name or a TOML file (default: the run's)");
    table.text("run", "LABEL",
               "column of a comparison's report to use, by label or by number from 1");
    table.flag("low", "set every parameter to the end of its range that makes the run shorter");
    table.flag("high", "set every parameter to the end of its range that makes the run longer");
    table.flag("range", "both --low and --high");
    add_report_options(table, charted_formats());
    return table;
}

Result<PreparedReport> prepare_whatif(const CommandLine& line, const OptionDefaults&) {
    const auto request = TRY(read_request(line));
    return prepare(line, request, TRY(read_report_file(line.rest().front())));
}

Result<PreparedReport> prepare_whatif_of(std::string_view saved, const CommandLine& line) {
    const auto request = TRY(read_request(line));
    return prepare(line, request, TRY(parse_report(saved, line.rest().front())));
}

}  // namespace uprobesim
