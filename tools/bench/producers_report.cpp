// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/bench/producers_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/format/json_number.h"
#include "tools/format/number_text.h"
#include "tools/report/contention_report.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;
using ColumnKind = Column::Kind;

std::string heading(const ProducersTable& table) {
    return fmt::format("{} on {}{}", table.kernel.name, table.machine.name,
                       table.handler.empty() ? "" : ", handler " + table.handler);
}

std::string cpus_text(unsigned producers) {
    return fmt::format("{} CPU{}", producers, producers == 1 ? "" : "s");
}

const ProducersRow& best(const ProducersSeries& series) {
    return *std::max_element(
        series.rows.begin(), series.rows.end(),
        [](const ProducersRow& a, const ProducersRow& b) { return a.mean() < b.mean(); });
}

std::string answer(const ProducersReport& report) {
    std::string text;
    for (const ProducersTable& table : report.tables) {
        for (const ProducersSeries& series : table.series) {
            const ProducersRow& row = best(series);
            text += fmt::format(
                "{}{}{} {:.2f} M/s at {}", text.empty() ? "most hits: " : ", ",
                series.variant.name(),
                report.tables.size() == 1 ? "" : fmt::format(" on {}", table.kernel.name),
                row.mean(), cpus_text(row.producers));
        }
    }
    return text.empty() ? "nothing was measured" : text;
}

// The line that CPUs wait for longest; nothing: none.
std::string most_waited(const ProducersRow& row) {
    const auto most = std::max_element(row.waited_by_line.begin(), row.waited_by_line.end());
    if (*most == 0) return "-";
    return std::string(
        kSharedLines[static_cast<std::size_t>(most - row.waited_by_line.begin())].name);
}

Table rates(const ProducersReport& report, const ProducersTable* only) {
    Table table{.columns = {{"variant", ColumnKind::Name},
                            {"CPUs", ColumnKind::Number, "cpus"},
                            {"M/s", ColumnKind::Number, "mhits_per_s"},
                            {"lowest", ColumnKind::Number, "lowest_mhits_per_s"},
                            {"highest", ColumnKind::Number, "highest_mhits_per_s"},
                            {"M/s/cpu", ColumnKind::Number, "mhits_per_s_per_cpu"},
                            {"hit", ColumnKind::Number, "hit_ns"},
                            {"waiting", ColumnKind::Number, "waiting_share"},
                            {"most for", ColumnKind::Name, "waits_most_for"},
                            {"kernel", ColumnKind::Name, "", true},
                            {"machine", ColumnKind::Name, "", true}}};
    for (const ProducersTable& t : report.tables) {
        if (only != nullptr && only != &t) continue;
        for (const ProducersSeries& series : t.series) {
            for (const ProducersRow& row : series.rows) {
                const double cycles = row.own_cycles + row.waited_cycles;
                table.add({series.variant.name(), count_cell(row.producers),
                           real_cell(row.mean(), 3), real_cell(row.rates.front(), 3),
                           real_cell(row.rates.back(), 3), real_cell(row.mean() / row.producers, 3),
                           duration_cell(cycles / t.machine.frequency_hz.value * 1e9),
                           share_cell(row.waited_cycles, cycles), most_waited(row), t.kernel.name,
                           t.machine.name});
            }
        }
    }
    return table;
}

// Where the time of a hit goes, a column for each number of producers.
Table break_down(const ProducersTable& bench, const ProducersSeries& series) {
    Table table{
        .columns = {{fmt::format("{}: ns of a hit", series.variant.name()), ColumnKind::Name}}};
    const double ns = 1e9 / bench.machine.frequency_hz.value;
    for (const ProducersRow& row : series.rows) table.columns.push_back({cpus_text(row.producers)});
    const auto add = [&](std::string name, auto value) {
        std::vector<Cell> cells{std::move(name)};
        bool any = false;
        for (const ProducersRow& row : series.rows) {
            const double cycles = value(row);
            any = any || cycles != 0;
            cells.push_back(cycles == 0 ? no_cell() : real_cell(cycles * ns, 0));
        }
        if (any) table.add(std::move(cells));
    };
    add("own work", [](const ProducersRow& row) { return row.own_cycles; });
    for (std::size_t l = 0; l < kSharedLineCount; ++l) {
        add(fmt::format("waiting for {}", kSharedLines[l].name),
            [l](const ProducersRow& row) { return row.waited_by_line[l]; });
    }
    std::vector<Cell> moved{"transfers of a hit"};
    for (const ProducersRow& row : series.rows) {
        std::uint64_t transfers = 0;
        for (const LineUse& use : row.uses) transfers += use.transferred();
        moved.push_back(
            real_cell(static_cast<double>(transfers) / static_cast<double>(row.hits), 1));
    }
    table.add(std::move(moved));
    return table;
}

Json row_json(const ProducersTable& table, const ProducersRow& row) {
    const double ns = 1e9 / table.machine.frequency_hz.value;
    Json lines = Json::array();
    for (std::size_t l = 0; l < kSharedLineCount; ++l) {
        if (row.uses[l].accesses == 0) continue;
        Json line = {{"line", kSharedLines[l].name},
                     {"waited_ns_per_hit", rounded(row.waited_by_line[l] * ns, 3)}};
        line.update(line_use_json(row.uses[l]));
        lines.push_back(std::move(line));
    }
    return {{"cpus", row.producers},
            {"million_hits_per_second", row.mean()},
            {"standard_deviation", row.deviation()},
            {"lowest", row.rates.front()},
            {"highest", row.rates.back()},
            {"million_hits_per_second_per_cpu", row.mean() / row.producers},
            {"starts", row.rates.size()},
            {"hits_counted", row.hits},
            {"own_ns_per_hit", rounded(row.own_cycles * ns, 3)},
            {"waited_ns_per_hit", rounded(row.waited_cycles * ns, 3)},
            {"lines", std::move(lines)}};
}

}  // namespace

std::string producers_line(const TriggerVariant& variant, const ProducersRow& row) {
    return fmt::format("{} ({:2} cpus): {:.3f} ± {:.3f}M/s ( {:.3f}M/s/cpu)", variant.name(),
                       row.producers, row.mean(), row.deviation(), row.mean() / row.producers);
}

std::string producers_lines_text(const ProducersReport& report) {
    std::string text;
    for (const ProducersTable& table : report.tables) {
        text += (text.empty() ? "" : "\n") + heading(table) + "\n";
        for (const ProducersSeries& series : table.series) {
            for (const ProducersRow& row : series.rows)
                text += producers_line(series.variant, row) + "\n";
        }
    }
    return text;
}

Document producers_document(const ProducersReport& report) {
    Document document{fmt::format("uprobesim {}: bench", report.version), answer(report)};
    document.data = rates(report, nullptr);
    for (const ProducersTable& table : report.tables) {
        document.add(Lines{.lines = {heading(table)}, .tone = Tone::Strong});
        Lines lines{.close = true};
        for (const ProducersSeries& series : table.series) {
            for (const ProducersRow& row : series.rows)
                lines.lines.push_back(producers_line(series.variant, row));
        }
        document.add(std::move(lines));
        document.add(rates(report, &table));
        for (const ProducersSeries& series : table.series) document.add(break_down(table, series));
    }
    document.add(Lines{
        .lines = {fmt::format(
            "Mean, and the lowest and highest, of {} starts ({}). CPUs get a line in the order in "
            "which they asked, and that order hardly changes: a run on a machine is one start of "
            "many. {}",
            report.starts, report.pin,
            report.real_threads
                ? "Threads were run on simulated CPUs."
                : "A hit is recorded from a run and repeated on each CPU; --threads runs the "
                  "threads.")}});
    return document;
}

std::string producers_json(const ProducersReport& report) {
    Json tables = Json::array();
    for (const ProducersTable& table : report.tables) {
        Json all = Json::array();
        for (const ProducersSeries& series : table.series) {
            Json rows = Json::array();
            for (const ProducersRow& row : series.rows) rows.push_back(row_json(table, row));
            all.push_back({{"variant", series.variant.name()}, {"rows", std::move(rows)}});
        }
        const auto id = [](const auto& profile) {
            return Json{{"name", profile.name}, {"hash_fnv1a64", profile.text_hash}};
        };
        tables.push_back({{"kernel", id(table.kernel)},
                          {"machine", id(table.machine)},
                          {"variants", std::move(all)}});
        if (!table.handler.empty()) tables.back()["handler"] = table.handler;
    }
    const Json all = {{"schema", "uprobesim.bench-producers/1"},
                      {"version", report.version},
                      {"settings", report.settings},
                      {"starts", report.starts},
                      {"pin", report.pin},
                      {"real_threads", report.real_threads},
                      {"tables", std::move(tables)}};
    return all.dump(2) + "\n";
}

}  // namespace uprobesim
