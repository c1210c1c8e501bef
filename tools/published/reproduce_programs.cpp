// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/published/reproduce_programs.h"

#include <fmt/format.h>

#include <algorithm>

namespace uprobesim {
namespace {

// A hit that a program's row may have paid for: of a STP, the instruction that the tables are
// about.
struct Hit {
    std::string of;  // title of the table
    double cycles = 0;
    double seconds = 0;
};
std::vector<Hit> hits_of(const PublishedRow& row, const Reproduction& simulated) {
    std::vector<Hit> hits;
    for (const std::string& id : row.hit_cost) {
        const ReproducedRow* push = simulated.row(id, "uprobe-push");
        if (push == nullptr) continue;
        const double cycles = push->cost.exception_cycles + push->cost.path_cycles;
        const ReproducedTable& table = *simulated.table(id);
        hits.push_back({table.published.title, cycles, cycles / table.frequency_hz});
    }
    return hits;
}

void turn_times(TurnedTable& turned, const PublishedRow& base, const Reproduction& simulated) {
    for (const PublishedRow& row : turned.published.rows) {
        const double added = row.value - base.value;
        for (const Hit& hit : hits_of(row, simulated))
            turned.hits.push_back({row.name, added, hit.of, hit.cycles, added / hit.seconds});
    }
}

void turn_rates(TurnedTable& turned, const PublishedRow& base, const PublishedTable& counted,
                const Reproduction& simulated) {
    for (const PublishedRow& row : turned.published.rows) {
        const PublishedRow* requests = counted.row(fmt::format("{}/{}", row.name, counted.request));
        if (requests == nullptr) continue;
        double all = 0;
        for (const PublishedRow& function : counted.rows) {
            if (function.name.starts_with(row.name + "/")) all += function.value;
        }
        const double per_request = all / requests->value;
        const double added_us = 1e6 / row.value - 1e6 / base.value;
        for (const Hit& hit : hits_of(row, simulated))
            turned.costs.push_back(
                {row.name, per_request, added_us / per_request, hit.seconds * 1e6});
    }
}

}  // namespace

TurnedTable turn_round(const std::vector<PublishedTable>& published, const PublishedTable& program,
                       const Reproduction& simulated) {
    TurnedTable turned{program, {}, {}};
    const PublishedRow* base = program.row(kNoProbeRow);
    if (base == nullptr) return turned;
    if (program.unit == "s") turn_times(turned, *base, simulated);
    const auto counted =
        std::find_if(published.begin(), published.end(),
                     [&](const PublishedTable& table) { return table.hits_of == program.id; });
    if (counted != published.end()) turn_rates(turned, *base, *counted, simulated);
    return turned;
}

}  // namespace uprobesim
