// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/request/attach_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/base/text.h"

namespace uprobesim {
namespace {

using PointKind = AttachPoint::Kind;

std::vector<std::string> awaited_programs(const SimulationRequest& request) {
    std::vector<std::string> names;
    for (const BackgroundProgram& program : request.background) {
        if (is_awaited(program)) names.push_back(program.name);
    }
    return names;
}

// Of a point at which a scenario's program is ready.
Outcome check_ready(const SimulationRequest& request, const AttachPoint& point,
                    const std::string& option) {
    if (point.kind != PointKind::Ready) return {};
    if (request.scenario.empty())
        return user_error(fmt::format("'{}' is of a scenario's programs", printable(point.text)),
                          option, "of one program: main, a time, or hit:SPEC:N");
    const std::vector<std::string> names = awaited_programs(request);
    if (names.empty())
        return user_error("no program of the scenario has ready-port or ready-output", option,
                          "main, a time, or hit:SPEC:N");
    if (point.program.empty() ||
        std::find(names.begin(), names.end(), point.program) != names.end())
        return {};
    return user_error(
        fmt::format("no program that is waited for is named '{}'", printable(point.program)),
        option, near_names(point.program, names));
}

Outcome check_order(const AttachPlan& plan) {
    if (plan.at.kind == PointKind::Time && plan.until.kind == PointKind::Time &&
        plan.until.ns <= plan.at.ns)
        return user_error(
            fmt::format("'{}' is not after --attach-at {}", plan.until.text, plan.at.text),
            "--detach-at", fmt::format("+{} would be so long after it", plan.until.text));
    const bool once = plan.at.kind == PointKind::Main || plan.at.kind == PointKind::Ready;
    if (once && plan.at.text == plan.until.text)
        return user_error("the probes would go where they come", "--detach-at",
                          "a later point: +TIME after attaching, or hit:SPEC:N");
    return {};
}

}  // namespace

void read_attach_plan(const CommandLine& line, FirstMistake& mistakes, SimulationRequest& request) {
    AttachPlan& plan = request.attach;
    if (line.given("attach-at"))
        mistakes.take({"attach-at"}, parse_attach_point(line.one("attach-at", "")), plan.at);
    if (line.given("detach-at"))
        mistakes.take({"detach-at"}, parse_detach_point(line.one("detach-at", "")), plan.until);
    std::string roi;
    mistakes.take({"roi"}, line.choice("roi", "all", {"all", "attach"}), roi);
    if (roi == "attach") plan.roi = Roi::Attach;
    if (const auto checked = check_ready(request, plan.at, "--attach-at"); !checked)
        mistakes.note({"attach-at"}, checked.error());
    if (const auto checked = check_ready(request, plan.until, "--detach-at"); !checked)
        mistakes.note({"detach-at"}, checked.error());
    if (const auto checked = check_order(plan); !checked)
        mistakes.note({"detach-at"}, checked.error());
    if (request.probes.empty() && plan.given() && plan.roi == Roi::All)
        mistakes.note(
            {line.given("attach-at") ? "attach-at" : "detach-at"},
            {"there is no probe to attach", line.given("attach-at") ? "--attach-at" : "--detach-at",
             "give one with -p, or count a part of the run with --roi attach"});
}

}  // namespace uprobesim
