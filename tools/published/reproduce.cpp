// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/published/reproduce.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/published/reproduce_claims.h"
#include "tools/published/reproduce_programs.h"

namespace uprobesim {
namespace {

struct Profiles {
    MachineProfile machine;
    KernelProfile kernel;
};
Result<Profiles> profiles_of(const PublishedTable& table) {
    auto machine = TRY(load_machine_profile(table.machine, table.settings));
    auto kernel = TRY(load_kernel_profile(table.kernel, table.settings));
    return Profiles{std::move(machine), std::move(kernel)};
}

// The table of a program that is turned round for this one: a table of hits says more of the table
// of rates.
const PublishedTable& program_of(const std::vector<PublishedTable>& published,
                                 const PublishedTable& table) {
    return table.is_hits() ? *find_published(published, table.hits_of) : table;
}

Outcome add_table(Reproduction& all, const PublishedTable& table) {
    if (all.table(table.id) != nullptr) return {};
    auto done = TRY(reproduce_table(table));
    all.tables.push_back(std::move(done));
    return {};
}

}  // namespace

const ReproducedRow* ReproducedTable::row(std::string_view name) const {
    const auto found = std::find_if(
        rows.begin(), rows.end(), [&](const ReproducedRow& r) { return r.published.name == name; });
    return found == rows.end() ? nullptr : &*found;
}

double ReproducedTable::mean_deviation() const {
    double sum = 0;
    for (const ReproducedRow& row : rows) sum += std::fabs(row.deviation());
    return sum / static_cast<double>(rows.size());
}

const ReproducedRow& ReproducedTable::worst() const {
    return *std::max_element(rows.begin(), rows.end(),
                             [](const ReproducedRow& a, const ReproducedRow& b) {
                                 return std::fabs(a.deviation()) < std::fabs(b.deviation());
                             });
}

const ReproducedTable* Reproduction::table(std::string_view id) const {
    const auto found = std::find_if(tables.begin(), tables.end(),
                                    [&](const ReproducedTable& t) { return t.published.id == id; });
    return found == tables.end() ? nullptr : &*found;
}

const ReproducedRow* Reproduction::row(std::string_view id, std::string_view name) const {
    const ReproducedTable* found = table(id);
    return found == nullptr ? nullptr : found->row(name);
}

Result<TriggerCounts> count_row(const PublishedTable& table, const std::string& variant) {
    auto parsed = TRY(parse_trigger_variant(variant));
    TriggerRequest request;
    request.variant = std::move(parsed);
    request.kernel = table.kernel;
    request.machine = table.machine;
    request.settings = table.settings;
    request.handler = table.handler;
    return count_trigger(request);
}

Result<ReproducedTable> reproduce_table(const PublishedTable& table) {
    const auto profiles = TRY(profiles_of(table));
    const PriceList prices(profiles.machine, profiles.kernel);
    ReproducedTable done{table, prices.frequency_hz(), {}};
    for (const PublishedRow& row : table.rows) {
        auto counts = TRY(count_row(table, row.name));
        const TriggerCost cost = price_trigger(counts, prices);
        done.rows.push_back(
            {row, std::move(counts), cost, prices.frequency_hz() / cost.cycles() / 1e6});
    }
    return done;
}

Result<Reproduction> reproduce(const std::vector<PublishedTable>& published,
                               const std::string& only) {
    const PublishedTable* wanted = find_published(published, only);
    if (wanted == nullptr && !only.empty()) {
        std::vector<std::string> known;
        known.reserve(published.size());
        for (const PublishedTable& table : published) known.push_back(table.id);
        const std::string near = did_you_mean(only, known);
        return user_error(fmt::format("no published table is named '{}'", only), "",
                          near.empty() ? "see uprobesim reproduce --list" : near);
    }
    Reproduction all;
    if (wanted != nullptr && !wanted->is_benchmark()) {
        const PublishedTable& program = program_of(published, *wanted);
        for (const PublishedRow& row : program.rows) {
            for (const std::string& id : row.hit_cost) {
                if (auto done = add_table(all, *find_published(published, id)); !done)
                    return tl::make_unexpected(done.error());
            }
        }
        all.programs.push_back(turn_round(published, program, all));
        all.tables.clear();
        return all;
    }
    for (const PublishedTable& table : published) {
        if (!table.is_benchmark() || (wanted != nullptr && &table != wanted)) continue;
        if (auto done = add_table(all, table); !done) return tl::make_unexpected(done.error());
    }
    if (wanted != nullptr) return all;
    for (const PublishedTable& table : published) {
        if (!table.is_benchmark() && !table.is_hits())
            all.programs.push_back(turn_round(published, table, all));
    }
    check_claims(all);
    return all;
}

}  // namespace uprobesim
