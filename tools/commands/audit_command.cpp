// SPDX-License-Identifier: GPL-2.0-or-later
// What a probe on each function of a binary would be, without running anything.
#include <fmt/format.h>

#include "sim/base/try.h"
#include "sim/profile/kernel_profile.h"
#include "tools/audit/audit_files.h"
#include "tools/audit/audit_report.h"
#include "tools/cli/report_command.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"

namespace uprobesim {
namespace {

constexpr std::string_view kHelp = R"(usage: uprobesim audit [options] BINARY...

Says what a probe on the first instruction of each function would be on each kernel, before anybody attaches one:
emulated (one exception), stepped out of line (two), or refused. Also which instructions functions begin with, how many
of them the STP emulation takes off the slow path, and what emulating one more instruction would buy. Nothing is run.

BINARY is an arm64 program or library, or a folder of them, by its path on this host; with --root, by its path inside
that folder. Folders are searched to the bottom without following links; what is no arm64 program is counted and left
out. Functions come from the symbol tables and, where a binary is stripped, from .eh_frame (fn_OFFSET, parts of split
functions among them). Several names of one place are one entry; an indirect function (IFUNC) is none.

Examples:
  uprobesim audit /usr/aarch64-linux-gnu/lib/libc.so.6
  uprobesim audit --root build/sysroot /usr/bin/redis-server
  uprobesim audit --root build/sysroot /usr/bin /usr/lib
  uprobesim audit --kernels v6.12,v6.13+stp --functions ./server
  uprobesim audit -f csv -o functions.csv ./server

Exit status: 0 audited; 2 a mistake in the command line or a profile, or a BINARY that is no arm64 program (one line
says which, nothing is printed); 3 the host failed.

Options:
)";

OptionTable options_table() {
    OptionTable table = option_table();
    auto add = table.add_options();
    add("kernels", text_option("A,B,..."),
        "kernel profiles, names or TOML files (default v6.1,v6.12,v6.13,v6.13+stp,new)");
    add("set", list_option("kernel.KEY=VALUE"), "change the kernel profiles; can be repeated");
    add("root", text_option("DIR"),
        "look for BINARY inside this host folder, as a guest sees it (default: the host)");
    add("functions", "list every function in the text report");
    add_report_options(table, "text, json, csv (a row for each function) or md (default text)");
    return table;
}

Result<std::vector<KernelProfile>> load_kernels(const CommandLine& line,
                                                const std::vector<Setting>& settings) {
    const auto names = TRY(line.names("kernels", "v6.1,v6.12,v6.13,v6.13+stp,new"));
    std::vector<KernelProfile> kernels;
    for (const std::string& name : names) {
        auto kernel = TRY(load_kernel_profile(name, settings));
        kernels.push_back(std::move(kernel));
    }
    return kernels;
}

Result<std::vector<Setting>> kernel_settings(const CommandLine& line) {
    std::vector<Setting> settings;
    TRY(read_settings(line, settings));
    for (const Setting& s : settings) {
        if (!s.key.starts_with("kernel."))
            return user_error(fmt::format("'{}': an audit has no machine", s.key), "--set",
                              "kernel.KEY=VALUE");
    }
    return settings;
}

Result<int> run_audit(const ReportWords& words) {
    const CommandLine& line = words.line;
    const auto settings = TRY(kernel_settings(line));
    auto kernels = TRY(load_kernels(line, settings));
    const std::string root = line.one("root", "");
    if (line.given("root") && root.empty())
        return user_error("the folder's name is empty", "--root", "");
    if (line.rest().empty())
        return user_error("no binary is given", "",
                          "for example: uprobesim audit --root build/sysroot /usr/bin");

    auto output = TRY(ReportOutput::open(words.output, stdout));
    Auditor auditor(std::move(kernels));
    AuditSkips skips;
    for (const std::string& binary : line.rest()) {
        if (auto audited = audit_path(auditor, root, binary, skips); !audited)
            return tl::make_unexpected(audited.error());
    }
    AuditReport report = auditor.report();
    report.skipped = std::move(skips);
    report.settings = line.all("set");
    output.write(words.style.format == ReportFormat::Json
                     ? audit_report_json(report)
                     : written(audit_document(report, line.given("functions")), words.style));
    return 0;
}

}  // namespace

std::string audit_help() {
    return std::string(kHelp) + option_text(options_table());
}

int audit_command(const Words& words, const OptionDefaults&) {
    return run_report_verb(
        {"audit", audit_help, options_table, {"text", "json", "csv", "md"}, run_audit}, words);
}

}  // namespace uprobesim
