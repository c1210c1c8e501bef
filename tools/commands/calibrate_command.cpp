// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <optional>

#include "sim/base/try.h"
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

constexpr std::string_view kDescription =
    R"(Fits a few cost parameters to published benchmark rows: the operations of a hit are counted by
running it, their costs are fitted by least squares of the relative deviation. Prints the fitted
values with their standard errors, the share of the cycles that each accounts for and the
parameter it correlates with most, the deviation of every row (also when that row is left out of
the fit), and which tables were not used and why. With -o the fitted machine profile is written to
a file.

The rows are those of the list thread; your own machine's go into a TOML file of the same form
(--rows).)";

constexpr std::string_view kExamples = R"(uprobesim calibrate
uprobesim calibrate -o fitted.toml
uprobesim calibrate --machine mine.toml --rows mine-rows.toml --free machine.kernel-cpi
uprobesim calibrate --free machine.kernel-cpi,machine.exception-return)";

OptionTable options_table() {
    OptionTable table;
    add_machine_option(table, "machine profile to start from (default kunpeng916)");
    table
        .text("rows", "FILE",
              "published rows, a TOML file (default linux-arm-kernel-2024, built in)")
        .from(ValueSource::File);
    table.text("tables", "A,B,...", "tables to use (default: those of the machine marked for it)")
        .several_from(ValueSource::Table);
    table.text("free", "KEY,...",
               "parameters to fit, as --set names them (default: six of a Cortex-A72 machine)");
    add_set_option(table, "fix one key, machine.KEY or kernel.KEY; can be repeated");
    table.section("Report");
    table.text("output", "FILE", "write the fitted machine profile to FILE; - is stdout")
        .short_name('o')
        .from(ValueSource::File);
    table
        .text("format", "FORMAT",
              "format of the printed report: text, json, csv or md (default text)")
        .short_name('f')
        .one_of({"text", "json", "csv", "md"});
    add_all_option(table);
    add_color_option(table);
    add_help_option(table);
    return table;
}

Result<int> run_calibrate(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, all_formats(), defaults.no_color));
    if (!line.rest().empty())
        return user_error("calibrate takes options only", line.rest().front(),
                          "see uprobesim calibrate --help");
    FitRequest request;
    request.machine = TRY(line.name("machine", "kunpeng916"));
    TRY(read_settings(line, request.settings));
    const auto free = TRY(line.names("free", kFree));
    request.free = free;
    if (line.given("tables")) {
        const auto tables = TRY(line.names("tables", ""));
        request.tables = tables;
    }
    const auto published =
        TRY(line.about("rows", load_published(line.one("rows", "linux-arm-kernel-2024"))));
    // Before the fit, which takes long: it is not lost to a folder that does not exist.
    std::optional<ReportOutput> output;
    if (!options.output.empty()) output = TRY(ReportOutput::open(options.output));
    const auto done = TRY(fit(published, request));
    auto printed = TRY(ReportOutput::open("", stdout));
    printed.write(options.format == ReportFormat::Json
                      ? fit_json(done)
                      : written(calibrate_document(done), options.style(printed.on_terminal())));
    if (output) output->write(TRY(fitted_profile(done)));
    return 0;
}

}  // namespace

Command calibrate_command() {
    return {.name = "calibrate",
            .meaning = "fit a machine's cost parameters to published rows",
            .help = {{"[options]"}, kDescription, kExamples, {}},
            .options = options_table,
            .run = run_calibrate};
}

}  // namespace uprobesim
