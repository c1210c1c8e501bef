// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "tools/report/report_document.h"

namespace uprobesim {
namespace {

std::vector<Cell> cells_of(std::string name, const TaskFigures& f, const RunReport& r) {
    return {std::move(name),
            duration_cell(to_ns(f.cycles(), r.frequency_hz)),
            count_cell(f.insns.value),
            count_cell(f.exceptions),
            count_cell(f.hits),
            duration_cell(to_ns(f.probe_cycles, r.frequency_hz)),
            share_cell(in_cycles(f.probe_cycles), in_cycles(f.cycles()))};
}

// Those with the most CPU time first.
template <class Row, class Figures>
void sort_by_time(std::vector<Row>& rows, Figures figures) {
    std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
        return figures(a).cycles() > figures(b).cycles();
    });
}

}  // namespace

Table process_table(const RunReport& report, const std::string& heading) {
    Table table{.columns = {{heading, Column::Kind::Name, "process"},
                            {"CPU time", Column::Kind::Number, "cpu_ns"},
                            {"EL0 insns"},
                            {"exceptions"},
                            {"hits"},
                            {"probe cost", Column::Kind::Number, "probe_ns"},
                            {"share"}},
                .first = kFirstRows};
    std::vector<ProcessRow> processes = report.processes;
    sort_by_time(processes, [](const ProcessRow& p) { return p.figures(); });
    for (ProcessRow& process : processes) {
        table.add(
            cells_of(fmt::format("{} {}", process.pid, process.name), process.figures(), report));
        if (process.threads.size() < 2) continue;
        sort_by_time(process.threads, [](const ThreadRow& t) { return t.figures; });
        for (const ThreadRow& thread : process.threads)
            table.add(
                cells_of(fmt::format("  {} {}", thread.id, thread.name), thread.figures, report));
    }
    return table;
}

}  // namespace uprobesim
