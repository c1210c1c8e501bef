// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/format/json_number.h"
#include "tools/format/svg_chart.h"
#include "tools/format/text_table.h"
#include "tools/published/reproduce.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

std::string counterpart(const PublishedTable& table) {
    std::string text = fmt::format("{} on {}", table.kernel, table.machine);
    for (const Setting& s : table.settings) text += fmt::format(" --set {}={}", s.key, s.value);
    return text;
}

std::string deviation_text(double deviation) {
    return fmt::format("{:+.1f} %", deviation * 100);
}

std::string summary(const Reproduction& r) {
    std::string text =
        "| table | rows | mean deviation | worst row | |\n|---|---:|---:|---|---:|\n";
    for (const ReproducedTable& table : r.tables) {
        const ReproducedRow& worst = table.worst();
        text += fmt::format("| {} | {} | {:.1f} % | {} | {} |\n", table.published.id,
                            table.rows.size(), table.mean_deviation() * 100, worst.published.name,
                            deviation_text(worst.deviation()));
    }
    return text + "\n";
}

std::string table_markdown(const ReproducedTable& table) {
    const PublishedTable& p = table.published;
    std::string text = fmt::format("## {}: {}\n\nPublished: {}. Simulated: {}.\n", p.id, p.title,
                                   p.source, counterpart(p));
    if (!p.fit) text += fmt::format("Not used for calibration: {}.\n", p.left_out);
    text +=
        "\n| row | published M/s | ± | simulated M/s | deviation | cycles published | cycles "
        "simulated |\n"
        "|---|---:|---:|---:|---:|---:|---:|\n";
    for (const ReproducedRow& row : table.rows) {
        text += fmt::format(
            "| {} | {:.3f} | {} | {:.3f} | {} | {} | {} |\n", row.published.name,
            row.published.value,
            row.published.plus_minus ? fmt::format("{:.3f}", *row.published.plus_minus) : "",
            row.simulated, deviation_text(row.deviation()),
            grouped(table.frequency_hz / row.published.value / 1e6), grouped(row.cost.cycles()));
    }
    return text + "\n";
}

// The row that needs the most hits, whatever one costs, and the row that has room for the fewest.
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
        "\nNo number of hits fits both rows: {} needs at least {} hits, {} has room for {} at "
        "most, {:.0f} times"
        " fewer.\n",
        needs->row, grouped(needs->least), has->row, grouped(has->most), needs->least / has->most);
}

std::string hits_markdown(const TurnedTable& table) {
    std::string text = fmt::format(
        "## {}: what would have to be true\n\n"
        "| row | added time | if a hit is | cycles of a hit | hits it implies "
        "|\n|---|---:|---|---:|---:|\n",
        table.published.id);
    for (const ImpliedHits& row : table.hits) {
        text += fmt::format("| {} | {:.3f} s | {} | {} | {} |\n", row.row, row.added_s, row.cost_of,
                            grouped(row.hit_cycles), grouped(row.hits));
    }
    return text + contradiction(table.hits) + "\n";
}

std::string costs_markdown(const TurnedTable& table) {
    std::string text = fmt::format(
        "## {}: what a hit would have to cost\n\n"
        "| row | hits per request | cost of a hit it implies | simulated uprobe-push hit | share "
        "|\n|---|---:|---:|---:|---:|\n",
        table.published.id);
    bool less = true;
    for (const ImpliedCost& row : table.costs) {
        text += fmt::format("| {} | {:.3f} | {:.2f} us | {:.2f} us | {} |\n", row.row,
                            row.hits_per_request, row.implied_us, row.simulated_us,
                            percent(row.implied_us, row.simulated_us));
        less = less && row.implied_us < row.simulated_us;
    }
    if (less)
        text +=
            "\nLess than a whole hit shows in the throughput: the server's CPU was not the only "
            "thing waited for.\n";
    return text + "\n";
}

std::string program_markdown(const TurnedTable& table) {
    if (!table.hits.empty()) return hits_markdown(table);
    if (!table.costs.empty()) return costs_markdown(table);
    const PublishedTable& p = table.published;
    return fmt::format(
        "## {}: {}\n\nPublished: {}. Nothing is held against it: how often its probes were hit was "
        "not published.\n\n",
        p.id, p.title, p.source);
}

std::string claims_markdown(const Reproduction& r) {
    std::string text;
    if (!r.claims.empty())
        text += "## What the thread says\n\n| | published | simulated | |\n|---|---:|---:|---|\n";
    for (const Claim& c : r.claims)
        text += fmt::format("| {} | {} | {} | {} |\n", c.text, c.published, c.simulated, c.remark);
    if (r.claims_left_out != 0)
        text += fmt::format(
            "{}Claims of the thread that are not checked, for want of their rows: {}.\n",
            r.claims.empty() ? "" : "\n", r.claims_left_out);
    return text;
}

Json table_json(const ReproducedTable& table) {
    const PublishedTable& p = table.published;
    Json rows = Json::array(), settings = Json::array();
    for (const Setting& s : p.settings) settings.push_back(s.key + "=" + s.value);
    for (const ReproducedRow& row : table.rows) {
        Json one = {{"name", row.published.name}, {"published_mhits_per_s", row.published.value}};
        if (row.published.plus_minus)
            one["published_plus_minus_mhits_per_s"] = *row.published.plus_minus;
        one["simulated_mhits_per_s"] = rounded(row.simulated, 3);
        one["deviation"] = rounded(row.deviation(), 5);
        one["simulated_cycles_per_hit"] = rounded(row.cost.cycles(), 2);
        rows.push_back(std::move(one));
    }
    return {{"id", p.id},
            {"title", p.title},
            {"source", p.source},
            {"kernel", p.kernel},
            {"machine", p.machine},
            {"settings", std::move(settings)},
            {"fitted", p.fit},
            {"left_out", p.left_out},
            {"frequency_hz", table.frequency_hz},
            {"rows", std::move(rows)}};
}

Json program_json(const TurnedTable& table) {
    Json hits = Json::array(), costs = Json::array();
    for (const ImpliedHits& row : table.hits) {
        hits.push_back({{"row", row.row},
                        {"added_s", rounded(row.added_s, 3)},
                        {"if_a_hit_is", row.cost_of},
                        {"hit_cycles", rounded(row.hit_cycles, 0)},
                        {"implied_hits", rounded(row.hits, 0)}});
    }
    for (const ImpliedCost& row : table.costs) {
        costs.push_back({{"row", row.row},
                         {"hits_per_request", rounded(row.hits_per_request, 3)},
                         {"implied_us_per_hit", rounded(row.implied_us, 3)},
                         {"simulated_us_per_hit", rounded(row.simulated_us, 3)}});
    }
    return {{"id", table.published.id},
            {"title", table.published.title},
            {"source", table.published.source},
            {"implied_hits", std::move(hits)},
            {"implied_costs", std::move(costs)}};
}

}  // namespace

std::string reproduction_markdown(const Reproduction& r) {
    std::string text = "# Published and simulated\n\n";
    if (r.tables.size() > 1) text += summary(r);
    for (const ReproducedTable& table : r.tables) text += table_markdown(table);
    for (const TurnedTable& table : r.programs) text += program_markdown(table);
    return text + claims_markdown(r);
}

std::string reproduction_csv(const Reproduction& r) {
    std::string text =
        "table,row,kernel,machine,fitted,published_mhits_per_s,plus_minus_mhits_per_s,simulated_"
        "mhits_per_s,deviation,"
        "simulated_cycles_per_hit\n";
    for (const ReproducedTable& table : r.tables) {
        for (const ReproducedRow& row : table.rows) {
            text += fmt::format(
                "{},{},{},{},{},{},{},{:.3f},{:.5f},{:.2f}\n", table.published.id,
                row.published.name, table.published.kernel, table.published.machine,
                table.published.fit ? 1 : 0, row.published.value,
                row.published.plus_minus ? fmt::format("{}", *row.published.plus_minus) : "",
                row.simulated, row.deviation(), row.cost.cycles());
        }
    }
    return text;
}

std::string reproduction_json(const Reproduction& r) {
    Json tables = Json::array(), programs = Json::array(), claims = Json::array();
    for (const ReproducedTable& table : r.tables) tables.push_back(table_json(table));
    for (const TurnedTable& table : r.programs) programs.push_back(program_json(table));
    for (const Claim& c : r.claims) {
        claims.push_back({{"claim", c.text},
                          {"published", c.published},
                          {"simulated", c.simulated},
                          {"remark", c.remark}});
    }
    const Json all = {{"schema", "uprobesim.reproduce/2"},
                      {"tables", std::move(tables)},
                      {"programs", std::move(programs)},
                      {"claims", std::move(claims)},
                      {"claims_left_out", r.claims_left_out}};
    return all.dump(2) + "\n";
}

std::string reproduction_svg(const ReproducedTable& table) {
    BarChart chart{fmt::format("{}: {}", table.published.id, table.published.title),
                   "million hits a second",
                   {"published", "simulated"},
                   {}};
    for (const ReproducedRow& row : table.rows)
        chart.groups.push_back({row.published.name, {row.published.value, row.simulated}});
    return chart.svg();
}

}  // namespace uprobesim
