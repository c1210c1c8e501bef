// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/report/contention_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/format/number_text.h"
#include "tools/report/report_blocks.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;
using ColumnKind = Column::Kind;

constexpr std::string_view kModelled =
    "cache lines and locks of hits (mmap lock, reference counts, slots, siglock)";
constexpr std::string_view kNotModelled =
    "run queues, page tables, sockets, futexes, maps of BPF programs, broadcast maintenance, and "
    "the "
    "programs' own data";

void add_columns(Table& table) {
    for (const std::string_view name : {"cycles waited", "of it queued", "accesses", "retries"})
        table.columns.push_back({std::string(name)});
    table.columns.push_back({"transfers, by how far they come", ColumnKind::Name});
}

void add_cells(std::vector<Cell>& cells, const LineUse& use) {
    cells.push_back(cycles_cell(use.waited));
    cells.push_back(cycles_cell(use.queued));
    cells.push_back(count_cell(use.accesses));
    cells.push_back(count_cell(use.retries));
    cells.emplace_back(transfers_text(use));
}

bool waits(const RunReport& report) {
    return std::any_of(report.lines.begin(), report.lines.end(),
                       [](const LineRow& row) { return row.use.transferred() != 0; });
}

}  // namespace

Table line_table(const RunReport& report) {
    Table table{.columns = {{"lines that CPUs share", ColumnKind::Name}}, .first = kFirstRows};
    add_columns(table);
    if (!waits(report)) return table;
    for (const LineRow& row : report.lines) {
        std::vector<Cell> cells{Cell(row.name)};
        add_cells(cells, row.use);
        table.add(std::move(cells));
    }
    return table;
}

Table waiting_probe_table(const RunReport& report) {
    const ProbeNames names = probe_names(report.probes);
    Table table{.columns = {{"waiting of hits", ColumnKind::Name}}, .first = kFirstRows};
    add_columns(table);
    std::vector<ProbeRow> rows;
    for (const ProbeRow& probe : report.probes) {
        if (probe.shared.transferred() != 0) rows.push_back(probe);
    }
    if (rows.size() < 2) return table;
    std::stable_sort(rows.begin(), rows.end(), [](const ProbeRow& a, const ProbeRow& b) {
        return a.shared.waited > b.shared.waited;
    });
    for (const ProbeRow& row : rows) {
        std::vector<Cell> cells{Cell(names.of(row), row.name)};
        add_cells(cells, row.shared);
        table.add(std::move(cells));
    }
    return table;
}

Lines contention_lines(const RunReport& report) {
    if (report.cpus < 2 || report.probes.empty()) return {};
    if (!report.contention) {
        return {.title = "not modelled: contention",
                .lines = {fmt::format("The {} CPUs hit probes as if each were alone: the machine's "
                                      "profile has no [contention].",
                                      report.cpus)}};
    }
    return {.title = "contention of the CPUs",
            .lines = {fmt::format("modelled: {}", kModelled),
                      fmt::format("not modelled: {}", kNotModelled)}};
}

std::string contention_note(const RunReport& report) {
    return report.contention
               ? fmt::format(
                     "contention of the {} CPUs for lines of hits is in the figures, for "
                     "anything else it is not modelled",
                     report.cpus)
               : fmt::format("contention of the {} CPUs is not modelled", report.cpus);
}

std::string transfers_text(const LineUse& use) {
    std::string text;
    for (std::size_t t = 1; t < kTierCount; ++t) {
        if (use.transfers[t] != 0)
            text +=
                fmt::format("{}{} {}", text.empty() ? "" : ", ", use.transfers[t], kTierNames[t]);
    }
    return text;
}

Json line_use_json(const LineUse& use) {
    Json transfers = Json::object();
    for (std::size_t t = 1; t < kTierCount; ++t)
        transfers[std::string(kTierNames[t])] = use.transfers[t];
    return {{"accesses", use.accesses},
            {"transfers", std::move(transfers)},
            {"retries", use.retries},
            {"waited_cycles", in_cycles(use.waited)},
            {"queued_cycles", in_cycles(use.queued)}};
}

Json contention_json(const RunReport& report) {
    Json lines = Json::array();
    for (const LineRow& row : report.lines) {
        Json line = {{"line", row.name}, {"objects", row.objects}};
        line.update(line_use_json(row.use));
        for (std::size_t a = 0; a < kAccountCount; ++a) {
            if (row.accounts[a].value != 0)
                line["account_cycles"][std::string(account_name(static_cast<Account>(a)))] =
                    in_cycles(row.accounts[a]);
        }
        lines.push_back(std::move(line));
    }
    return {{"modelled", report.contention ? std::string(kModelled) : ""},
            {"not_modelled", report.contention ? std::string(kNotModelled) : "all"},
            {"wait_cycles", in_cycles(totals_of(report).wait_cycles)},
            {"lines", std::move(lines)}};
}

}  // namespace uprobesim
