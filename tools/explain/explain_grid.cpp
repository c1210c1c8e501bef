// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/explain/explain_grid.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/try.h"
#include "sim/cost/prices.h"
#include "tools/cli/exit_code.h"
#include "tools/format/number_text.h"
#include "tools/whatif/whatif.h"

namespace uprobesim {
namespace {

using EventKind = HitEvent::Kind;

// The events of `run` at the prices of `machine`; nullopt: more than prices differs, or the guest
// could notice.
std::optional<ExplainedRun> repriced(const ExplainedRun& run, const std::string& name,
                                     const MachineProfile& machine) {
    if (!run.is_hit()) return std::nullopt;  // it may have steps that stand for many
    const auto priced = price_again(run.whole, {.machine = name});
    if (!priced || !priced->notes.empty()) return std::nullopt;
    const PriceList prices(machine, run.kernel);
    ExplainedRun here = run;
    here.repriced = true;
    CentiCycles total;
    for (HitEvent& event : here.events) {
        if (event.kind == EventKind::Exception || event.kind == EventKind::Nested)
            event.cycles = prices.exception(event.exception);
        if (event.kind == EventKind::Path)
            event.cycles = prices.path(event.path) + prices.path_units(event.path, event.units);
        // The function that a return probe waits for is not part of the hit.
        if (event.kind != EventKind::User || event.own) total += event.cycles;
        event.total = total;
    }
    return here;
}

std::string answer(const ExplainGrid& grid) {
    struct Told {
        double ns;
        std::string where;
    };
    std::vector<Told> all;
    for (const ExplainReport& machine : grid.machines) {
        for (const ExplainedRun& run : machine.runs)
            all.push_back(
                {to_ns(hit_totals(machine.machine, run).cycles, machine.machine.frequency_hz.value),
                 fmt::format("{} on {}", run.kernel.name, machine.machine.name)});
    }
    const auto [least, most] = std::minmax_element(
        all.begin(), all.end(), [](const Told& a, const Told& b) { return a.ns < b.ns; });
    const ExplainReport& any = grid.machines.front();
    return fmt::format("{} costs {} ({}) to {} ({})",
                       any.exception != nullptr ? exception_title(any)
                       : any.hit == 1           ? "the first hit"
                                                : "one hit",
                       short_duration(least->ns), least->where, short_duration(most->ns),
                       most->where);
}

Table costs(const ExplainGrid& grid) {
    Table table{.columns = {{"kernel", Column::Kind::Name},
                            {"machine", Column::Kind::Name},
                            {"exceptions"},
                            {"EL1 insns"},
                            {"cycles"},
                            {"time"},
                            {"repriced", Column::Kind::Number, "", true}},
                .is_list = true};
    for (std::size_t k = 0; k < grid.machines.front().runs.size(); ++k) {
        for (const ExplainReport& machine : grid.machines) {
            const ExplainedRun& run = machine.runs[k];
            const HitTotals t = hit_totals(machine.machine, run);
            table.add({run.kernel.name, machine.machine.name, count_cell(t.exceptions),
                       real_cell(t.el1_insns, 0), cycles_cell(t.cycles),
                       duration_cell(to_ns(t.cycles, machine.machine.frequency_hz.value)),
                       count_cell(run.repriced ? 1 : 0)});
        }
    }
    return table;
}

}  // namespace

tl::expected<ExplainGrid, RunRefused> explain_machines(const ExplainRequest& request,
                                                       const std::vector<std::string>& machines) {
    ExplainGrid grid;
    for (const std::string& name : machines) {
        ExplainRequest here = request;
        here.simulation.machine = name;
        if (grid.machines.empty()) {
            grid.machines.push_back(TRY(explain(here)));
            continue;
        }
        auto machine = load_machine_profile(name, request.simulation.settings);
        if (!machine) return tl::make_unexpected(RunRefused{machine.error(), kExitUserMistake});
        const ExplainReport& first = grid.machines.front();
        ExplainReport report = first;
        report.machine = std::move(*machine);
        for (std::size_t k = 0; k < first.runs.size(); ++k) {
            if (auto run = repriced(first.runs[k], name, report.machine)) {
                report.runs[k] = std::move(*run);
                continue;
            }
            here.kernels = {request.kernels[k]};
            auto made = TRY(explain(here));
            report.runs[k] = std::move(made.runs.front());
        }
        grid.machines.push_back(std::move(report));
    }
    return grid;
}

Document explain_grid_document(const ExplainGrid& grid) {
    const ExplainReport& first = grid.machines.front();
    Document document{fmt::format("uprobesim {}: explain", first.version), answer(grid)};
    const std::string& probe = first.runs.front().probe;
    document.add(Lines{
        .lines = {fmt::format("Hit {} of {}", first.hit, probe.substr(probe.find(':') + 1))}});
    document.add(costs(grid));
    document.data = costs(grid);
    std::size_t shared = 0;
    for (const ExplainReport& machine : grid.machines) {
        shared += static_cast<std::size_t>(
            std::count_if(machine.runs.begin(), machine.runs.end(),
                          [](const ExplainedRun& run) { return run.repriced; }));
    }
    std::string text = "Modelled, not measured. One machine alone is explained step by step.";
    if (shared != 0)
        text += fmt::format(
            " {} of the first machine's at the prices of another, since the machines differ in "
            "prices only and the guest saw no clock.",
            counted(shared, "run"));
    document.add(Lines{.lines = {text}, .close = true});
    return document;
}

}  // namespace uprobesim
