// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tools/bench/bench_report.h"
#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

using ColumnKind = Column::Kind;

double hit_ns(const BenchTable& table, const BenchRow& row) {
    return row.cost.cycles() / table.machine.frequency_hz.value * 1e9;
}

std::string heading(const BenchTable& table) {
    return fmt::format("{} on {}{}{}", table.kernel.name, table.machine.name,
                       table.branch_protection ? ", targets built with branch protection" : "",
                       table.handler.empty() ? "" : ", handler " + table.handler);
}

std::string lines_of(const BenchTable& table, const BenchRow& row) {
    return bench_line(row.variant, million_hits_per_second(row.cost, table.machine));
}

std::string answer(const BenchReport& report) {
    struct Told {
        std::string text;
        double ns;
    };
    std::vector<Told> all;
    const bool one_machine =
        std::all_of(report.tables.begin(), report.tables.end(), [&](const BenchTable& table) {
            return table.machine.name == report.tables.front().machine.name;
        });
    for (const BenchTable& table : report.tables) {
        for (const BenchRow& row : table.rows) {
            const double ns = hit_ns(table, row);
            const std::string where =
                one_machine ? table.kernel.name
                            : fmt::format("{}, {}", table.kernel.name, table.machine.name);
            all.push_back(
                {fmt::format("{} ({}{})", short_duration(ns), row.variant.name(),
                             report.tables.size() == 1 ? "" : fmt::format(" on {}", where)),
                 ns});
        }
    }
    if (all.empty()) return "nothing was measured";
    const auto [least, most] = std::minmax_element(
        all.begin(), all.end(), [](const Told& a, const Told& b) { return a.ns < b.ns; });
    return least == most ? fmt::format("a hit costs {}", least->text)
                         : fmt::format("a hit costs {} to {}", least->text, most->text);
}

// A row for each variant.
Table costs(const BenchReport& report, const BenchTable* only) {
    Table table{.columns = {{"variant", ColumnKind::Name},
                            {"instruction", ColumnKind::Name},
                            {"verdict", ColumnKind::Name},
                            {"exceptions"},
                            {"EL1 insns"},
                            {"cycles"},
                            {"time", ColumnKind::Number, "time_ns"},
                            {"M/s", ColumnKind::Number, "mhits_per_s", true},
                            {"kernel", ColumnKind::Name, "", true},
                            {"machine", ColumnKind::Name, "", true},
                            {"branch_protection", ColumnKind::Number, "", true}}};
    for (const BenchTable& t : report.tables) {
        if (only != nullptr && only != &t) continue;
        for (const BenchRow& row : t.rows) {
            table.add(
                {row.variant.name(), row.counts.instruction, row.counts.verdict,
                 real_cell(static_cast<double>(row.counts.exceptions_taken()) /
                               static_cast<double>(row.counts.iterations),
                           0),
                 real_cell(row.cost.kernel_insns, 0),
                 number_cell(grouped(row.cost.cycles()), fmt::format("{:.2f}", row.cost.cycles())),
                 duration_cell(hit_ns(t, row)),
                 real_cell(million_hits_per_second(row.cost, t.machine), 3), t.kernel.name,
                 t.machine.name, count_cell(t.branch_protection ? 1 : 0)});
        }
    }
    return table;
}

// What a hit costs in every cell of the grid: a row for each kernel and machine.
Table grid(const BenchReport& report) {
    Table table{.columns = {{"a hit costs", ColumnKind::Name}}, .is_list = true};
    for (const BenchRow& row : report.tables.front().rows)
        table.columns.push_back({row.variant.name()});
    for (const BenchTable& t : report.tables) {
        std::vector<Cell> cells{fmt::format("{} on {}", t.kernel.name, t.machine.name)};
        for (const BenchRow& row : t.rows) cells.push_back(duration_cell(hit_ns(t, row)));
        table.add(std::move(cells));
    }
    return table;
}

// Where the cycles of a hit go, a column for each variant; the most expensive work first.
Table break_down(const BenchTable& bench, bool return_probe) {
    Table table{.columns = {{"cycles of a hit", ColumnKind::Name}}, .first = kFirstRows};
    std::vector<const BenchRow*> rows;
    std::map<KernelPath, double> most;
    for (const BenchRow& row : bench.rows) {
        if (row.variant.return_probe != return_probe) continue;
        rows.push_back(&row);
        table.columns.push_back({row.variant.name()});
        for (const PathShare& share : row.cost.paths)
            most[share.path] = std::max(most[share.path], share.cycles);
    }
    if (rows.empty()) return table;
    const auto add = [&](std::string name, auto value) {
        std::vector<Cell> cells{std::move(name)};
        double largest = 0;
        for (const BenchRow* row : rows) {
            const double cycles = value(*row);
            largest = std::max(largest, cycles);
            cells.push_back(cycles == 0 ? no_cell() : real_cell(cycles, 0));
        }
        return std::pair(largest, std::move(cells));
    };
    std::vector<std::pair<double, std::vector<Cell>>> parts;
    parts.push_back(add("user code", [](const BenchRow& r) { return r.cost.user_cycles; }));
    parts.push_back(add("exception entry and return",
                        [](const BenchRow& r) { return r.cost.exception_cycles; }));
    for (const auto& [path, cycles] : most) {
        parts.push_back(add(std::string(kernel_path_info(path).name), [p = path](const auto& r) {
            for (const PathShare& share : r.cost.paths) {
                if (share.path == p) return share.cycles;
            }
            return 0.0;
        }));
    }
    std::stable_sort(parts.begin(), parts.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    for (auto& [cycles, cells] : parts) table.add(std::move(cells));
    return table;
}

std::string count_text(double n) {
    return n == static_cast<double>(static_cast<std::uint64_t>(n)) ? fmt::format("{:.0f}", n)
                                                                   : fmt::format("{:.2f}", n);
}

Facts operations(const BenchTable& table) {
    Facts facts;
    for (const BenchRow& row : table.rows) {
        std::string text;
        const auto ops = bench_operations(table, row);
        for (std::size_t op = 0; op < kKernelOpCount; ++op) {
            if (ops[op] != 0)
                text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count_text(ops[op]),
                                    kernel_op_name(static_cast<KernelOp>(op)));
        }
        facts.add(row.variant.name(), text);
    }
    return facts;
}

}  // namespace

std::string bench_lines_text(const BenchReport& report) {
    std::string text;
    for (const BenchTable& table : report.tables) {
        text += (text.empty() ? "" : "\n") + heading(table) + "\n";
        for (const BenchRow& row : table.rows) text += lines_of(table, row) + "\n";
    }
    return text;
}

Document bench_document(const BenchReport& report) {
    Document document{fmt::format("uprobesim {}: bench", report.version), answer(report)};
    document.data = costs(report, nullptr);
    if (report.tables.size() > 1) document.add(grid(report));
    for (const BenchTable& table : report.tables) {
        document.add(Lines{.lines = {heading(table)}, .tone = Tone::Strong});
        Lines lines{.close = true};
        for (const BenchRow& row : table.rows) lines.lines.push_back(lines_of(table, row));
        document.add(std::move(lines));
        document.add(costs(report, &table));
        document.add(break_down(table, false));
        document.add(break_down(table, true));
        Facts ops = operations(table);
        ops.title = "operations of a hit that have a cost of their own";
        document.add(std::move(ops));
    }
    return document;
}

}  // namespace uprobesim
