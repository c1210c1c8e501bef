// SPDX-License-Identifier: GPL-2.0-or-later
// Runs the published tables again and compares: published and simulated figures, and conclusions
// from them, as values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/bench/trigger_bench.h"
#include "tools/format/document.h"
#include "tools/published/published.h"

namespace uprobesim {

struct ReproducedRow {
    PublishedRow published;
    TriggerCounts counts;
    TriggerCost cost;
    double simulated = 0;  // million hits a second

    double deviation() const { return simulated / published.value - 1; }
};

struct ReproducedTable {
    PublishedTable published;
    double frequency_hz = 1;
    std::vector<ReproducedRow> rows;

    const ReproducedRow* row(std::string_view name) const;
    double mean_deviation() const;  // of the absolute values
    const ReproducedRow& worst() const;
};

// The counts of one row of a table under the table's kernel and settings.
Result<TriggerCounts> count_row(const PublishedTable& table, const std::string& variant);
Result<ReproducedTable> reproduce_table(const PublishedTable& table);

// A program's table can only be inverted: the cost of a hit, or the number of hits, that would
// explain each row.
struct ImpliedHits {
    std::string row;        // "single-stepped-stp"
    double added_s = 0;     // over the row without probes
    std::string cost_of;    // the benchmark's table with the simulated hit
    double hit_cycles = 0;  // kernel work and exceptions of a uprobe-push hit
    double hits = 0;        // added time divided by it
};
struct ImpliedCost {
    std::string row;
    double hits_per_request = 0;
    double implied_us = 0;    // added time per request divided by the hits of one
    double simulated_us = 0;  // a uprobe-push hit
};
struct TurnedTable {
    PublishedTable published;
    // `hits` of tables of times, `costs` of tables of rates if the number of hits was published.
    // Both empty: the table cannot be checked.
    std::vector<ImpliedHits> hits;
    std::vector<ImpliedCost> costs;
};

// A sentence of the thread as a check.
struct Claim {
    std::string text;
    std::string published;
    std::string simulated;
    std::string remark;
};

struct Reproduction {
    std::vector<ReproducedTable> tables;
    std::vector<TurnedTable> programs;
    std::vector<Claim> claims;
    std::size_t claims_left_out = 0;  // their rows are not among the published ones

    const ReproducedTable* table(std::string_view id) const;
    // Null where the table was not reproduced or has no such row.
    const ReproducedRow* row(std::string_view table, std::string_view name) const;
};

// `only`: one table's id, or empty for all of them and the claims.
Result<Reproduction> reproduce(const std::vector<PublishedTable>& published,
                               const std::string& only);

// CSV has the rows of the published benchmark tables.
Document reproduce_document(const Reproduction& reproduction);
std::string reproduction_json(const Reproduction& reproduction);
// Published and simulated bars of one table.

}  // namespace uprobesim
