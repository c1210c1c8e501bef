// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/format/json_number.h"
#include "tools/published/reproduce.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

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

}  // namespace uprobesim
