// SPDX-License-Identifier: GPL-2.0-or-later
// The options that commands share: which profiles (--kernel, --machine, --set), and in what form
// and where a report is written (--output, --format, --color).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/figure.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/profile_keys.h"
#include "tools/cli/command_line.h"
#include "tools/format/document_writers.h"
#include "tools/format/row_order.h"

namespace uprobesim {

// --kernel and --kernels mean the same, and so do --machine and --machines. Which of the two is the
// name and which the alias says whether the command takes one or several.
void add_kernel_option(OptionTable& table, std::string meaning);
void add_kernels_option(OptionTable& table, std::string meaning);
void add_machine_option(OptionTable& table, std::string meaning);
void add_machines_option(OptionTable& table, std::string meaning);
void add_set_option(OptionTable& table, std::string meaning);
// "machine.KEY=VALUE" or "kernel.KEY=VALUE".
Result<Setting> parse_setting(const std::string& word);
Outcome read_settings(const CommandLine& line, std::vector<Setting>& settings);
// What --kernels or --machines lists. Two files, or a file and a built-in profile, that have one
// name are refused: reports tell profiles apart by their names.
Result<Words> profile_names(const CommandLine& line, std::string_view option, ProfileKind kind,
                            std::string_view otherwise);
// --kernels, with the --set of a command that has no machine. `what`: "an audit", for messages.
Result<std::vector<KernelProfile>> read_kernels(const CommandLine& line, std::string_view otherwise,
                                                std::string_view what);

std::string_view format_word(ReportFormat format);   // as -f takes it
const std::vector<ReportFormat>& all_formats();      // text first; without SVG
const std::vector<ReportFormat>& charted_formats();  // of reports with charts: all

// Colours and bold type in text reports. Auto: on a terminal.
enum class ColorMode : std::uint8_t { Auto, Always, Never };
bool uses_color(ColorMode mode, bool on_terminal);

struct ReportOptions {
    std::string output;  // empty: the command's own default; "-": stdout
    ReportFormat format = ReportFormat::Text;
    bool all = false;  // every row of long lists
    RowOrder order;
    ColorMode color = ColorMode::Auto;

    ReportStyle style(bool on_terminal) const {
        return {format, all, uses_color(color, on_terminal)};
    }
};

// A report's text, with its rows as --sort and --top ask. Error: --sort names no column of it.
Result<std::string> written(Document document, const ReportOptions& options, bool on_terminal);

// After a run: a wrong column is told on stderr, and the report is not lost to it.
std::string written_anyway(const Document& document, const ReportOptions& options,
                           bool on_terminal);

// --output, --format, --all, --sort, --top, --color and --help. `formats`: those the command
// writes, its default first. `standard`: where the report goes without --output.
void add_report_options(OptionTable& table, const std::vector<ReportFormat>& formats,
                        std::string_view standard = "stdout");
// --output and --format, of a report without rows
void add_file_options(OptionTable& table, const std::vector<ReportFormat>& formats,
                      std::string_view standard = "stdout");
// --format alone
void add_format_option(OptionTable& table, const std::vector<ReportFormat>& formats);
// `no_color`: what the environment asks for (NO_COLOR); --color overrides it.
Result<ReportOptions> read_report_options(const CommandLine& line,
                                          const std::vector<ReportFormat>& formats, bool no_color);
// What was typed, as a shell takes it, without the options of the report: where it goes, its form,
// its rows. Of commands that take options and words in any order.
std::string typed_command(std::string_view command, const CommandLine& line);
// Error: --sort or --top is given.
Outcome refuse_row_order(const CommandLine& line, std::string_view why);
// Of what prints lines in place of a report. Error: an option is given that only a report has.
enum class LinesGo : std::uint8_t { ToStdout, WhereReportsGo };
Outcome refuse_report_options(const CommandLine& line, std::string_view why, LinesGo where);
void add_row_options(OptionTable& table);  // --all, --sort, --top
void add_color_option(OptionTable& table);
void add_help_option(OptionTable& table);
// --output alone
Result<std::string> read_output(const CommandLine& line);

}  // namespace uprobesim
