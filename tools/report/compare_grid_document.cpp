// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "tools/format/number_text.h"
#include "tools/format/text_width.h"
#include "tools/report/report_blocks.h"
#include "tools/report/report_document.h"

namespace uprobesim {
namespace {

using ColumnKind = Column::Kind;

const std::string& machine_of(const CompareReport& report) {
    return report.runs.front().report.provenance.machine.name;
}

double slowdown(const CompareReport& report, const ComparedRun& run) {
    const double base = totals_of(report.runs.front().report).total_ns;
    return base > 0 ? totals_of(run.report).total_ns / base : 0;
}

std::string answer(const CompareGrid& grid) {
    struct Slowdown {
        double slowdown;
        std::string where;
    };
    std::vector<Slowdown> all;
    for (const CompareReport& machine : grid.machines) {
        for (std::size_t i = 1; i < machine.runs.size(); ++i)
            all.push_back({slowdown(machine, machine.runs[i]),
                           fmt::format("{}, {}", machine.runs[i].label, machine_of(machine))});
    }
    const std::string title = visible(grid.machines.front().title);
    if (all.empty()) return fmt::format("{}: no run with probes", title);
    const auto [least, most] = std::minmax_element(
        all.begin(), all.end(),
        [](const Slowdown& a, const Slowdown& b) { return a.slowdown < b.slowdown; });
    const bool none = std::all_of(grid.machines.begin(), grid.machines.end(), none_was_hit);
    return fmt::format("{}: {}probes cost {:.1f}x ({}) to {:.1f}x ({})", title,
                       none ? kNoProbeHit : "", least->slowdown, visible(least->where),
                       most->slowdown, visible(most->where));
}

Table runs(const CompareGrid& grid) {
    Table table{.columns = {{"machine", ColumnKind::Name},
                            {"run", ColumnKind::Name},
                            {"simulated time", ColumnKind::Number, "simulated_time_ns"},
                            {"slowdown"},
                            {"hits"},
                            {"mean hit, cycles"},
                            {"mean hit", ColumnKind::Number, "mean_hit_ns"},
                            {"exceptions"},
                            {"repriced", ColumnKind::Number, "", true}},
                .is_list = true};
    for (const CompareReport& machine : grid.machines) {
        for (const ComparedRun& run : machine.runs) {
            const Totals t = totals_of(run.report);
            const bool hit = t.hits != 0;
            table.add({machine_of(machine), run.label, duration_cell(t.total_ns),
                       real_cell(slowdown(machine, run), 3), hit ? count_cell(t.hits) : no_cell(),
                       hit ? real_cell(t.mean_hit_cycles(), 0) : no_cell(),
                       hit ? duration_cell(t.mean_hit_cycles() * 1e9 / run.report.frequency_hz)
                           : no_cell(),
                       count_cell(t.exceptions), count_cell(run.repriced ? 1 : 0)});
        }
    }
    return table;
}

}  // namespace

Document compare_grid_document(const CompareGrid& grid) {
    const RunReport& first = grid.machines.front().runs.front().report;
    Document document{fmt::format("uprobesim {}: compare", first.provenance.version), answer(grid)};
    document.add(runs(grid));
    document.data = runs(grid);
    std::size_t repriced = 0;
    for (const CompareReport& machine : grid.machines) {
        repriced += static_cast<std::size_t>(
            std::count_if(machine.runs.begin(), machine.runs.end(),
                          [](const ComparedRun& run) { return run.repriced; }));
        document.add(Lines{fmt::format("RUNS DIFFER on {}", machine_of(machine)),
                           differences(machine), Tone::Alarm});
    }
    std::string text =
        "Modelled, not measured; slowdown is to the run without probes on the same "
        "machine.";
    if (repriced != 0)
        text += fmt::format(
            " {} of the first machine's at the prices of another, since the "
            "machines differ in prices only and the guest saw no clock.",
            counted(repriced, "run"));
    document.add(Lines{.lines = {text}, .close = true});
    return document;
}

}  // namespace uprobesim
