// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/format/number_text.h"
#include "tools/published/reproduce.h"

namespace uprobesim {
namespace {

using ColumnKind = Column::Kind;

std::string counterpart(const PublishedTable& table) {
    std::string text = fmt::format("{} on {}", table.kernel, table.machine);
    for (const Setting& s : table.settings) text += fmt::format(" --set {}={}", s.key, s.value);
    return text;
}

std::string answer(const Reproduction& r) {
    std::size_t rows = 0;
    double sum = 0, worst = 0;
    std::string where;
    for (const ReproducedTable& table : r.tables) {
        for (const ReproducedRow& row : table.rows) {
            ++rows;
            sum += std::abs(row.deviation());
            if (std::abs(row.deviation()) < std::abs(worst)) continue;
            worst = row.deviation();
            where = table.published.id + "/" + row.published.name;
        }
    }
    if (rows == 0) return "no published rate to reproduce: what would have to be true instead";
    return fmt::format(
        "mean deviation {:.1f} % of {} published rows; the worst is {} with {:+.1f} %",
        sum / static_cast<double>(rows) * 100, rows, where, worst * 100);
}

// Worst first.
Table summary(const Reproduction& r) {
    Table table{.columns = {{"table", ColumnKind::Name},
                            {"rows"},
                            {"mean deviation"},
                            {"worst row", ColumnKind::Name},
                            {"deviation"}}};
    std::vector<const ReproducedTable*> sorted;
    for (const ReproducedTable& t : r.tables) sorted.push_back(&t);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const ReproducedTable* a, const ReproducedTable* b) {
                         return a->mean_deviation() > b->mean_deviation();
                     });
    for (const ReproducedTable* t : sorted) {
        table.add({t->published.id, count_cell(t->rows.size()),
                   number_cell(fmt::format("{:.1f} %", t->mean_deviation() * 100),
                               fmt::format("{:.5f}", t->mean_deviation())),
                   t->worst().published.name, deviation_cell(t->worst().deviation())});
    }
    return table;
}

Table rates(const ReproducedTable& table) {
    Table rates{.columns = {{"row", ColumnKind::Name},
                            {"published M/s"},
                            {"±"},
                            {"simulated M/s"},
                            {"deviation"},
                            {"cycles published"},
                            {"cycles simulated"}}};
    for (const ReproducedRow& row : table.rows) {
        const auto& plus_minus = row.published.plus_minus;
        rates.add({row.published.name, real_cell(row.published.value, 3),
                   plus_minus ? real_cell(*plus_minus, 3) : Cell(), real_cell(row.simulated, 3),
                   deviation_cell(row.deviation()),
                   real_cell(table.frequency_hz / row.published.value / 1e6, 0),
                   real_cell(row.cost.cycles(), 0)});
    }
    return rates;
}

void add_table(Document& document, const ReproducedTable& table) {
    const PublishedTable& p = table.published;
    Lines lines{fmt::format("{}: {}", p.id, p.title),
                {fmt::format("Published: {}. Simulated: {}.", p.source, counterpart(p))}};
    if (!p.fit) lines.lines.push_back(fmt::format("Not used for calibration: {}.", p.left_out));
    document.add(std::move(lines));
    document.add(rates(table));
}

// For CSV: every row of every table.
Table all_rates(const Reproduction& r) {
    Table data{.columns = {{"table", ColumnKind::Name},
                           {"row", ColumnKind::Name},
                           {"kernel", ColumnKind::Name},
                           {"machine", ColumnKind::Name},
                           {"fitted"},
                           {"published_mhits_per_s"},
                           {"plus_minus_mhits_per_s"},
                           {"simulated_mhits_per_s"},
                           {"deviation"},
                           {"simulated_cycles_per_hit"}}};
    const auto as_written = [](double value) {
        const std::string text = fmt::format("{}", value);
        return number_cell(text, text);
    };
    for (const ReproducedTable& table : r.tables) {
        const PublishedTable& p = table.published;
        for (const ReproducedRow& row : table.rows) {
            const auto& plus_minus = row.published.plus_minus;
            data.add({p.id, row.published.name, p.kernel, p.machine, count_cell(p.fit ? 1 : 0),
                      as_written(row.published.value),
                      plus_minus ? as_written(*plus_minus) : no_cell(), real_cell(row.simulated, 3),
                      deviation_cell(row.deviation()), real_cell(row.cost.cycles(), 2)});
        }
    }
    return data;
}

// The row that needs the most hits at any cost of a hit, and the row that allows the fewest.
std::string contradiction(const std::vector<ImpliedHits>& hits) {
    struct Span {
        std::string row;
        double least, most;
    };
    std::vector<Span> spans;
    for (const ImpliedHits& h : hits) {
        if (spans.empty() || spans.back().row != h.row) spans.push_back({h.row, h.hits, h.hits});
        spans.back().least = std::min(spans.back().least, h.hits);
        spans.back().most = std::max(spans.back().most, h.hits);
    }
    const auto needs = std::max_element(
        spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.least < b.least; });
    const auto has = std::min_element(spans.begin(), spans.end(),
                                      [](const Span& a, const Span& b) { return a.most < b.most; });
    if (spans.empty() || needs->least <= has->most) return "";
    return fmt::format(
        "No number of hits fits both rows: {} needs at least {} hits, {} has room for {} at most, "
        "{:.0f} times fewer.",
        needs->row, grouped(needs->least), has->row, grouped(has->most), needs->least / has->most);
}

void add_hits(Document& document, const TurnedTable& turned) {
    Table table{.title = fmt::format("{}: what would have to be true", turned.published.id),
                .columns = {{"row", ColumnKind::Name},
                            {"added time"},
                            {"if a hit is", ColumnKind::Prose},
                            {"cycles of a hit"},
                            {"hits it implies"}}};
    for (const ImpliedHits& row : turned.hits) {
        table.add({row.row, fmt::format("{:.3f} s", row.added_s), row.cost_of,
                   real_cell(row.hit_cycles, 0), real_cell(row.hits, 0)});
    }
    document.add(std::move(table));
    if (const std::string line = contradiction(turned.hits); !line.empty())
        document.add(Lines{.lines = {line}});
}

void add_costs(Document& document, const TurnedTable& turned) {
    Table table{.title = fmt::format("{}: what a hit would have to cost", turned.published.id),
                .columns = {{"row", ColumnKind::Name},
                            {"hits per request"},
                            {"cost of a hit it implies"},
                            {"simulated uprobe-push hit"},
                            {"share"}}};
    bool less = true;
    for (const ImpliedCost& row : turned.costs) {
        table.add({row.row, real_cell(row.hits_per_request, 3),
                   fmt::format("{:.2f} us", row.implied_us),
                   fmt::format("{:.2f} us", row.simulated_us),
                   share_cell(row.implied_us, row.simulated_us)});
        less = less && row.implied_us < row.simulated_us;
    }
    document.add(std::move(table));
    if (less)
        document.add(Lines{.lines = {"Less than a whole hit shows in the throughput: the server's "
                                     "CPU was not the only resource waited for."}});
}

void add_program(Document& document, const TurnedTable& turned) {
    const PublishedTable& p = turned.published;
    if (!turned.hits.empty()) return add_hits(document, turned);
    if (!turned.costs.empty()) return add_costs(document, turned);
    document.add(Lines{fmt::format("{}: {}", p.id, p.title),
                       {fmt::format("Published: {}. Nothing is held against it: how often its "
                                    "probes were hit was not published.",
                                    p.source)}});
}

void add_claims(Document& document, const Reproduction& r) {
    Table table{.title = "What the thread says",
                .columns = {{"claim", ColumnKind::Prose},
                            {"published"},
                            {"simulated"},
                            {"remark", ColumnKind::Prose}}};
    for (const Claim& c : r.claims) table.add({c.text, c.published, c.simulated, c.remark});
    document.add(std::move(table));
    if (r.claims_left_out != 0)
        document.add(Lines{.lines = {fmt::format(
                               "Claims of the thread that are not checked, for want of their rows: "
                               "{}.",
                               r.claims_left_out)}});
}

}  // namespace

Document reproduce_document(const Reproduction& r) {
    Document document{"Published and simulated", answer(r)};
    document.data = all_rates(r);
    if (r.tables.size() > 1) document.add(summary(r));
    for (const ReproducedTable& table : r.tables) add_table(document, table);
    for (const TurnedTable& table : r.programs) add_program(document, table);
    add_claims(document, r);
    return document;
}

}  // namespace uprobesim
