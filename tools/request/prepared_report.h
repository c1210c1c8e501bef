// SPDX-License-Identifier: GPL-2.0-or-later
// A report that a command computes without a program of the guest: first its options are read and
// checked, then its output is opened, then it is computed. The commands write it to their output,
// the library hands it out.
#pragma once

#include <functional>
#include <string>

#include "sim/base/error.h"
#include "tools/cli/command_line.h"
#include "tools/cli/exit_code.h"
#include "tools/html/report_text.h"
#include "tools/request/command.h"
#include "tools/sweep/figures.h"

namespace uprobesim {

struct ComputedReport {
    ReportForms forms;
    std::function<Result<Figures>()> figures = {};  // as sweeps keep them; nothing: there are none
    int status = kExitSuccess;                      // of the command
    std::function<std::string()> lines = {};  // a form of text without tables; nothing: it has none
    std::function<Outcome()> other_files = {};  // written after the report; nothing: there are none
};

// What is left to do when the options are known to be right.
using PreparedReport = std::function<Result<ComputedReport>()>;

// Computes it and writes it as the options of reports ask. `lines`: in that form, where the format
// is one of text.
Result<int> write_report(const PreparedReport& prepared, const ReportOptions& options, bool lines);

OptionTable audit_options();
Result<PreparedReport> prepare_audit(const CommandLine& line, const OptionDefaults& defaults);
OptionTable bench_options();
Result<PreparedReport> prepare_bench(const CommandLine& line, const OptionDefaults& defaults);
OptionTable estimate_options();
Result<PreparedReport> prepare_estimate(const CommandLine& line, const OptionDefaults& defaults);
OptionTable whatif_options();
Result<PreparedReport> prepare_whatif(const CommandLine& line, const OptionDefaults& defaults);
// Of a report that is in memory; the word of the command line is its name in messages.
Result<PreparedReport> prepare_whatif_of(std::string_view saved, const CommandLine& line);

}  // namespace uprobesim
