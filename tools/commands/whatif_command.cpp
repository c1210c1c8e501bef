// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "sim/base/try.h"
#include "tools/cli/report_command.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/report/report_read.h"
#include "tools/whatif/whatif.h"

namespace uprobesim {
namespace {

constexpr std::string_view kWhatIf = R"(usage: uprobesim whatif [options] REPORT.json

What a saved run would have cost with different cost parameters, in milliseconds and without running: the report's counts
times the figures of another machine or kernel, or of --set. With unchanged cost parameters the answer is the run's own, to
the cycle; with --set it is what run --set would say. What would change the counts (another decode table, STP form or slot policy,
another core) is refused with the command that makes the run. The settings of the run stay unless --set changes them.

Examples:
  uprobesim run -f json -o report.json -p 'uprobe:/bin/grep:*' /bin/grep -c GNU /usr/share/common-licenses/GPL-3
  uprobesim whatif report.json --set machine.ops.ic-ivau=0 --set machine.ops.dsb-ish=60
  uprobesim whatif report.json --machine generic-a72
  uprobesim whatif report.json --range
  uprobesim whatif table.json --run 'emulated STP' --set machine.kernel-cpi=1.3

--low, --high and --range say how far the answer moves if every figure is as far off as its confidence allows
(high 2 %, medium 15 %, low 40 %, assumption: half to double), and which figures matter most.

Options:
)";

OptionTable visible_options() {
    OptionTable table = option_table();
    auto add = table.add_options();
    add("set", list_option("KEY=VALUE"),
        "change one figure: machine.KEY or kernel.KEY; can be repeated");
    add("machine", text_option("NAME"),
        "machine profile, a name or a TOML file (default: the run's)");
    add("kernel", text_option("NAME"),
        "kernel profile, a name or a TOML file (default: the run's)");
    add("run", text_option("LABEL"),
        "which column of a comparison's report, by label or by number from 1");
    add("low", "with every figure at the end of its range that makes the run shorter");
    add("high", "with every figure at the end of its range that makes the run longer");
    add("range", "both");
    add_report_options(table, "text, json, csv or md (default text)");
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

Result<int> run_whatif(const ReportWords& words) {
    const CommandLine& line = words.line;
    if (line.rest().size() != 1)
        return user_error("one report is needed", "whatif",
                          "for example: uprobesim whatif report.json --range");
    WhatIfRequest request;
    request.machine = line.one("machine", "");
    request.kernel = line.one("kernel", "");
    request.low = line.given("low") || line.given("range");
    request.high = line.given("high") || line.given("range");
    TRY(read_settings(line, request.settings));

    auto runs = TRY(read_report_file(line.rest().front()));
    const auto chosen = TRY(choose_run(std::move(runs), line.one("run", "")));
    auto result = TRY(price_again(chosen.report, request));
    auto output = TRY(ReportOutput::open(words.output, stdout));
    const WhatIfReport report{line.rest().front(), chosen.label, std::move(result)};
    output.write(words.style.format == ReportFormat::Json
                     ? whatif_json(report)
                     : written(whatif_document(report), words.style));
    return 0;
}

}  // namespace

std::string whatif_help() {
    return std::string(kWhatIf) + option_text(visible_options());
}

int whatif_command(const Words& words, const OptionDefaults&) {
    return run_report_verb(
        {"whatif", whatif_help, visible_options, {"text", "json", "csv", "md"}, run_whatif}, words);
}

}  // namespace uprobesim
