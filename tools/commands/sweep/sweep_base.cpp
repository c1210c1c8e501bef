// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/commands/sweep/sweep_base.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/try.h"
#include "tools/cli/default_profiles.h"
#include "tools/commands/commands.h"
#include "tools/request/guest_request.h"
#include "tools/request/prepared_report.h"
#include "tools/request/probe_check.h"

namespace uprobesim {
namespace {

UserError in_plan(const Plan& plan, UserError error) {
    error.where = error.where.empty() ? plan.file : fmt::format("{}: {}", plan.file, error.where);
    return error;
}

// Options that belong to the sweep itself, or by which points could meet.
struct Unwanted {
    const char* option;
    const char* why;
};
constexpr Unwanted kUnwanted[] = {
    {"format", "the sweep reads the report itself"},
    {"output", "the sweep reads the report itself"},
    {"scratch", "all points would write to the same folder"},
    {"jobs", "sweep --jobs says how many processes there are"},
    {"no-share", "it is an option of sweep"},
    {"verbose", "nobody reads it"},
};

Outcome check_options(const Plan& plan, const CommandLine& line) {
    for (const Unwanted& row : kUnwanted) {
        if (line.given(row.option))
            return user_error(row.why, line.spelled(row.option), "leave it out");
    }
    for (const std::string& bind : line.all("bind")) {
        if (bind.ends_with(":rw"))
            return user_error("all points would write to the same folder",
                              fmt::format("--bind {}", bind), "leave out :rw");
    }
    for (const Axis& axis : plan.axes) {
        const auto settings = line.all("set");
        const auto times = std::count_if(
            settings.begin(), settings.end(),
            [&](const std::string& word) { return word.starts_with(axis.name + "="); });
        if (axis.is_setting && times > 1)
            return user_error("the setting is an axis of the plan too",
                              fmt::format("--set {}", axis.name), "leave out one of them");
    }
    return {};
}

Result<SweepBase> read_line(const Plan& plan, const Command& command, const Words& words,
                            const OptionDefaults& defaults) {
    const CommandSyntax syntax{
        command.name, command.rest, command.is_scenario, command.program_needs, {}};
    const auto line = TRY(CommandLine::parse(syntax, command.options(), words));
    TRY(check_options(plan, line));
    SweepBase base{kDefaultKernel, kDefaultMachine, line.one("root", defaults.root)};
    if (command.name == "run") {
        const auto request = TRY(read_guest_request(GuestCommand::Run, line, defaults));
        base.kernel = request.simulation.kernel;
        base.machine = request.simulation.machine;
        base.attaches_late = request.simulation.attach.at.kind != AttachPoint::Kind::Start;
        base.check = [simulation = request.simulation] {
            return check_probes(simulation, {simulation.kernel});
        };
    } else if (command.name == "compare") {
        const auto request = TRY(read_guest_request(GuestCommand::Compare, line, defaults));
        if (!request.kernels.empty()) base.kernel = request.kernels.front();
        if (!request.machines.empty()) base.machine = request.machines.front();
        base.check = [simulation = request.simulation, kernels = request.kernels,
                      machine = base.machine]() mutable {
            simulation.machine = machine;
            return check_probes(simulation, kernels);
        };
    } else {
        base.kernel = TRY(line.names("kernels", kDefaultKernel)).front();
        base.machine = TRY(line.names("machines", kDefaultMachine)).front();
        if (command.name == "estimate") {
            base.check = [line, defaults]() -> Outcome {
                TRY(prepare_estimate(line, defaults));
                return {};
            };
        }
    }
    return base;
}

}  // namespace

Result<SweepBase> read_sweep_base(const Plan& plan, const OptionDefaults& defaults) {
    const Command* command = find_command(plan.command);
    check_invariant(command != nullptr, "a sweep of a command that is not there");
    Words words;
    for (const Axis& axis : plan.axes) {
        if (axis.source == AxisSource::Listed) {
            const Words& given = axis.values.front().words;
            words.insert(words.end(), given.begin(), given.end());
        } else if (axis.source != AxisSource::Confidence) {
            words.insert(words.end(), {"--set", fmt::format("{}={}", axis.name, axis.from)});
        }
    }
    words.insert(words.end(), plan.arguments.begin(), plan.arguments.end());
    auto base = read_line(plan, *command, words, defaults);
    if (!base) return tl::make_unexpected(in_plan(plan, base.error()));
    if (base->check) {
        base->check = [plan, check = std::move(base->check)]() -> Outcome {
            if (auto checked = check(); !checked)
                return tl::make_unexpected(in_plan(plan, checked.error()));
            return {};
        };
    }
    return base;
}

}  // namespace uprobesim
