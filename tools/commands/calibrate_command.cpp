// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "sim/base/try.h"
#include "tools/cli/report_command.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/published/calibrate.h"

namespace uprobesim {
namespace {

// What one machine's rows can tell apart. The exception pair is not among them: it trades off
// against kernel-cpi along a line, and round trips through a thin kernel (138 to 230 cycles on
// Cortex-A53 to A76) say where on it.
constexpr const char* kFree =
    "machine.kernel-cpi,machine.ops.mdscr-write,machine.slot-refetch-per-core,machine.ops.user-"
    "access,"
    "kernel.paths.uprobe.emulate.stp.pin.insns,kernel.paths.uretprobe.lease.insns";

constexpr std::string_view kHelp = R"(usage: uprobesim calibrate [options]

Fits a few figures to published benchmark rows: what a hit does is counted by running it, what things cost is fitted by
least squares of the relative deviation. Prints the fitted values with their standard errors, how much of the cycles
each stands for and which other it trades off against, every row's deviation, also when that row is left out of the
fit, and which tables were not used and why. With -o the fitted machine profile is written as well.

The rows are the thread's; your own machine's go into a TOML file of the same form (--rows).

Examples:
  uprobesim calibrate
  uprobesim calibrate -o fitted.toml
  uprobesim calibrate --machine mine.toml --rows mine-rows.toml --free machine.kernel-cpi,machine.ops.slot-refetch
  uprobesim calibrate --free machine.kernel-cpi,machine.exception-return

Options:
)";

OptionTable options_table() {
    OptionTable table = option_table();
    auto add = table.add_options();
    add("machine", text_option("NAME"), "machine profile to start from (default kunpeng916)");
    add("rows", text_option("FILE"),
        "published rows, a TOML file (default linux-arm-kernel-2024, built in)");
    add("tables", text_option("A,B,..."),
        "tables to use (default: the machine's that are marked for it)");
    add("free", text_option("KEY,..."),
        "figures to fit, as --set names them (default: six of a Cortex-A72 machine)");
    add("set", list_option("KEY=VALUE"),
        "hold one figure: machine.KEY or kernel.KEY; can be repeated");
    add("output,o", text_option("FILE"), "write the fitted machine profile to FILE");
    add("format,f", text_option("FORMAT"),
        "of what is printed: text, json, csv or md (default text)");
    add("all", "every row of the long lists, not the first ten");
    add("help,h", "this text");
    return table;
}

Result<int> run_calibrate(const ReportWords& words) {
    const CommandLine& line = words.line;
    if (!line.rest().empty())
        return user_error("calibrate takes options only", line.rest().front(),
                          "see calibrate --help");
    FitRequest request;
    request.machine = line.one("machine", "kunpeng916");
    TRY(read_settings(line, request.settings));
    const auto free = TRY(line.names("free", kFree));
    request.free = free;
    if (line.given("tables")) {
        const auto tables = TRY(line.names("tables", ""));
        request.tables = tables;
    }
    const auto published = TRY(load_published(line.one("rows", "linux-arm-kernel-2024")));
    const auto done = TRY(fit(published, request));
    auto printed = TRY(ReportOutput::open("", stdout));
    printed.write(words.style.format == ReportFormat::Json
                      ? fit_json(done)
                      : written(calibrate_document(done), words.style));
    if (words.output.empty()) return 0;
    const auto profile = TRY(fitted_profile(done));
    auto output = TRY(ReportOutput::open(words.output));
    output.write(profile);
    return 0;
}

}  // namespace

std::string calibrate_help() {
    return std::string(kHelp) + option_text(options_table());
}

int calibrate_command(const Words& words, const OptionDefaults&) {
    return run_report_verb(
        {"calibrate", calibrate_help, options_table, {"text", "json", "csv", "md"}, run_calibrate},
        words);
}

}  // namespace uprobesim
