// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "sim/base/try.h"
#include "tools/charts/charts.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/html/report_text.h"
#include "tools/report/report_read.h"
#include "tools/sliders/report_sheets.h"
#include "tools/whatif/whatif.h"

namespace uprobesim {
namespace {

constexpr std::string_view kDescription =
    R"(Computes the cost of a saved run with different cost parameters, in milliseconds and without
running it again: the counts of the report times the costs of another machine or kernel, or of
--set. With unchanged parameters the result is the run's own, to the cycle; with --set it is what
run --set reports. A change that would alter the counts (another decode table, STP form, slot
policy or core) is refused with the run command to use instead. The settings of the run stay
unless --set changes them.

--low, --high and --range tell how far the result moves if every parameter is as far off as its
confidence allows (high 2 %, medium 15 %, low 40 %, assumption: half to double), and which
parameters dominate it.)";

constexpr std::string_view kExamples =
    R"(uprobesim run -f json -o report.json -p 'uprobe:/bin/ls:*' /bin/ls /usr
uprobesim whatif report.json --set machine.ops.ic-ivau=0 --set machine.ops.dsb-ish=60
uprobesim whatif report.json --machine generic-a72
uprobesim whatif report.json --range
uprobesim whatif report.json --range -f html -o range.html
uprobesim whatif table.json --run 'emulated STP' --set machine.kernel-cpi=1.3)";

OptionTable options_table() {
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

Result<int> run_whatif(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, charted_formats(), defaults.no_color));
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

    auto runs = TRY(read_report_file(line.rest().front()));
    const auto chosen = TRY(choose_run(std::move(runs), line.one("run", "")));
    auto result = TRY(price_again(chosen.report, request));
    auto output = TRY(ReportOutput::open(options.output, stdout));
    const WhatIfReport report{line.rest().front(), chosen.label, std::move(result)};
    output.write(TRY(report_text({.document = [&] { return whatif_document(report); },
                                  .json = [&] { return whatif_json(report); },
                                  .charts = [&] { return whatif_charts(report); },
                                  .costs = [&] { return whatif_sheet(report); }},
                                 options, output.on_terminal())));
    return 0;
}

}  // namespace

Command whatif_command() {
    return {.name = "whatif",
            .meaning = "the cost of a saved run with different cost parameters, without running",
            .help = {{"[options] REPORT.json"}, kDescription, kExamples, {}},
            .words = ValueSource::File,
            .options = options_table,
            .run = run_whatif};
}

}  // namespace uprobesim
