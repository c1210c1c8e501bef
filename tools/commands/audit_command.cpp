// SPDX-License-Identifier: GPL-2.0-or-later
// How a probe on each function of a binary would be handled, without running anything.
#include <fmt/format.h>

#include "sim/base/try.h"
#include "sim/profile/kernel_profile.h"
#include "tools/audit/audit_files.h"
#include "tools/audit/audit_report.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/html/report_text.h"

namespace uprobesim {
namespace {

constexpr std::string_view kDefaultKernels = "v6.1,v6.12,v6.13,v6.13+stp,new";

constexpr std::string_view kDescription =
    R"(Tells how each kernel would handle a uprobe on the first instruction of each function: emulated
(one exception), stepped out of line (two exceptions), or refused. Also tells which instructions
functions begin with, how many of them the STP emulation takes off the slow path, and what
emulating one more instruction would gain. With --machines, also what a hit takes on each kernel and
machine, averaged over the functions; csv then has that table. Nothing is run.

BINARY is an arm64 program or library, or a folder of them, by its path on this host; with --root,
by its path inside that folder. Folders are searched recursively without following links; files
that are not arm64 programs are counted and left out. Functions come from the symbol tables and,
in stripped binaries, from .eh_frame (named fn_OFFSET; parts of split functions are among them).
Several names of one address are one entry; indirect functions (IFUNC) are left out.)";

constexpr std::string_view kExamples =
    R"(uprobesim audit /usr/aarch64-linux-gnu/lib/libc.so.6
uprobesim audit --root build/sysroot /usr/bin/redis-server
uprobesim audit --root build/sysroot /usr/bin /usr/lib
uprobesim audit --kernels v6.12,v6.13+stp --functions ./server
uprobesim audit --kernels v6.1,v6.12 --machines kunpeng916,neoverse-n1 -f md ./server
uprobesim audit -f csv -o functions.csv ./server)";

constexpr std::string_view kExitStatus =
    R"(0  audited
2  usage error, or a BINARY is not an arm64 program: one line on stderr names it, nothing else is
   printed
3  host failure)";

OptionTable options_table() {
    OptionTable table;
    add_kernels_option(
        table, fmt::format("kernel profiles: names or TOML files (default {})", kDefaultKernels));
    add_machines_option(
        table, "machine profiles: names or TOML files; with them, what a hit takes on each");
    add_set_option(table,
                   "change one key, kernel.KEY, or with --machines machine.KEY; can be repeated");
    table
        .text("root", "DIR",
              "look up BINARY inside this host folder, as a guest sees it (default: the host)")
        .from(ValueSource::Folder);
    table.flag("functions", "list every function in the text report");
    add_report_options(table, all_formats());
    return table;
}

Result<std::vector<MachineProfile>> read_machines(const CommandLine& line) {
    std::vector<MachineProfile> machines;
    if (!line.given("machines")) return machines;
    std::vector<Setting> settings;
    TRY(read_settings(line, settings));
    const auto names = TRY(line.names("machines", ""));
    for (const std::string& name : names) {
        auto machine = TRY(line.about("machines", load_machine_profile(name, settings)));
        machines.push_back(std::move(machine));
    }
    return machines;
}

Result<int> run_audit(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, all_formats(), defaults.no_color));
    const auto machines = TRY(read_machines(line));
    const auto kernels = TRY(
        read_kernels(line, kDefaultKernels, machines.empty() ? "an audit without --machines" : ""));
    const std::string root = line.one("root", "");
    if (line.given("root") && root.empty())
        return user_error("the folder's name is empty", "--root", "");
    if (line.rest().empty())
        return user_error("no binary is given", "",
                          "for example: uprobesim audit --root build/sysroot /usr/bin");

    auto output = TRY(ReportOutput::open(options.output, stdout));
    Auditor auditor(kernels);
    AuditSkips skips;
    for (const std::string& binary : line.rest()) {
        if (auto audited = audit_path(auditor, root, binary, skips); !audited)
            return tl::make_unexpected(audited.error());
    }
    AuditReport report = auditor.report();
    report.skipped = std::move(skips);
    report.settings = line.all("set");
    report.costs = audit_costs(report, kernels, machines);
    const bool functions = line.given("functions");
    output.write(TRY(report_text({.document = [&] { return audit_document(report, functions); },
                                  .json = [&] { return audit_report_json(report); }},
                                 options, output.on_terminal())));
    return 0;
}

}  // namespace

Command audit_command() {
    return {.name = "audit",
            .meaning = "how a uprobe on each function of a binary would be handled",
            .help = {{"[options] BINARY..."}, kDescription, kExamples, kExitStatus},
            .words = ValueSource::File,
            .options = options_table,
            .run = run_audit};
}

}  // namespace uprobesim
