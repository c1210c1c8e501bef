// SPDX-License-Identifier: GPL-2.0-or-later
// The options that commands share which print a report, and --set.
#pragma once

#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/figure.h"
#include "tools/cli/command_line.h"
#include "tools/format/document_writers.h"

namespace uprobesim {

// --output, --format (`formats` says which) and --help, for commands that report to stdout.
void add_report_options(OptionTable& table, const char* formats);
// --format, one of `formats`, and --all.
Result<ReportStyle> read_style(const CommandLine& line, const Words& formats);
Outcome read_output(const CommandLine& line, std::string& output);
// --set
// "machine.KEY=VALUE" or "kernel.KEY=VALUE".
Result<Setting> parse_setting(const std::string& word);
Outcome read_settings(const CommandLine& line, std::vector<Setting>& settings);

}  // namespace uprobesim
