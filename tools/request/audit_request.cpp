// SPDX-License-Identifier: GPL-2.0-or-later
// How a probe on each function of a binary would be handled, without running anything.
#include <fmt/format.h>

#include <memory>

#include "sim/base/try.h"
#include "sim/profile/kernel_profile.h"
#include "tools/audit/audit_files.h"
#include "tools/audit/audit_report.h"
#include "tools/cli/report_options.h"
#include "tools/request/prepared_report.h"

namespace uprobesim {
namespace {

constexpr std::string_view kDefaultKernels = "v6.1,v6.12,v6.13,v6.13+stp,new";

Result<std::vector<MachineProfile>> read_machines(const CommandLine& line) {
    std::vector<MachineProfile> machines;
    if (!line.given("machines")) return machines;
    std::vector<Setting> settings;
    TRY(read_settings(line, settings));
    const auto names = TRY(profile_names(line, "machines", ProfileKind::Machine, ""));
    for (const std::string& name : names) {
        auto machine = TRY(line.about("machines", load_machine_profile(name, settings)));
        machines.push_back(std::move(machine));
    }
    return machines;
}

}  // namespace

OptionTable audit_options() {
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

Result<PreparedReport> prepare_audit(const CommandLine& line, const OptionDefaults&) {
    const auto machines = TRY(read_machines(line));
    const auto kernels = TRY(
        read_kernels(line, kDefaultKernels, machines.empty() ? "an audit without --machines" : ""));
    const std::string root = line.one("root", "");
    if (line.given("root") && root.empty())
        return user_error("the folder's name is empty", "--root", "");
    if (line.rest().empty())
        return user_error("no binary is given", "",
                          "for example: uprobesim audit --root build/sysroot /usr/bin");
    return [kernels, machines, root, binaries = line.rest(), settings = line.all("set"),
            functions = line.given("functions")]() -> Result<ComputedReport> {
        Auditor auditor(kernels);
        AuditSkips skips;
        for (const std::string& binary : binaries) TRY(audit_path(auditor, root, binary, skips));
        const auto report = std::make_shared<AuditReport>(auditor.report());
        report->skipped = std::move(skips);
        report->settings = settings;
        report->costs = audit_costs(*report, kernels, machines);
        return ComputedReport{
            .forms = {.document = [=] { return audit_document(*report, functions); },
                      .json = [=] { return audit_report_json(*report); }}};
    };
}

}  // namespace uprobesim
