// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/reproduce.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/reproduce_claims.h"

namespace uprobesim {
namespace {

struct Profiles {
    MachineProfile machine;
    KernelProfile kernel;
};
Result<Profiles> profiles_of(const PublishedTable& table) {
    auto machine = load_machine_profile(table.machine, table.settings);
    if (!machine) return tl::make_unexpected(machine.error());
    auto kernel = load_kernel_profile(table.kernel, table.settings);
    if (!kernel) return tl::make_unexpected(kernel.error());
    return Profiles{std::move(*machine), std::move(*kernel)};
}

}  // namespace

const ReproducedRow* ReproducedTable::row(std::string_view name) const {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const ReproducedRow& r) { return r.published.name == name; });
    return found == rows.end() ? nullptr : &*found;
}

double ReproducedTable::mean_deviation() const {
    double sum = 0;
    for (const ReproducedRow& row : rows) sum += std::fabs(row.deviation());
    return sum / static_cast<double>(rows.size());
}

const ReproducedRow& ReproducedTable::worst() const {
    return *std::max_element(rows.begin(), rows.end(), [](const ReproducedRow& a, const ReproducedRow& b) {
        return std::fabs(a.deviation()) < std::fabs(b.deviation());
    });
}

const ReproducedTable* Reproduction::table(std::string_view id) const {
    const auto found =
        std::find_if(tables.begin(), tables.end(), [&](const ReproducedTable& t) { return t.published.id == id; });
    return found == tables.end() ? nullptr : &*found;
}

Result<TriggerCounts> count_row(const PublishedTable& table, const std::string& variant) {
    auto parsed = parse_trigger_variant(variant);
    if (!parsed) return tl::make_unexpected(parsed.error());
    TriggerRequest request;
    request.variant = std::move(*parsed);
    request.kernel = table.kernel;
    request.machine = table.machine;
    request.settings = table.settings;
    return count_trigger(request);
}

Result<ReproducedTable> reproduce_table(const PublishedTable& table) {
    const auto profiles = profiles_of(table);
    if (!profiles) return tl::make_unexpected(profiles.error());
    const PriceList prices(profiles->machine, profiles->kernel);
    ReproducedTable done{table, prices.frequency_hz(), {}};
    for (const PublishedRow& row : table.rows) {
        auto counts = count_row(table, row.name);
        if (!counts) return tl::make_unexpected(counts.error());
        const TriggerCost cost = price_trigger(*counts, prices);
        done.rows.push_back({row, std::move(*counts), cost, prices.frequency_hz() / cost.cycles() / 1e6});
    }
    return done;
}

Result<Reproduction> reproduce(const std::vector<PublishedTable>& published, const std::string& only) {
    Reproduction all;
    std::string known;
    bool found = only.empty();
    for (const PublishedTable& table : published) {
        known += (known.empty() ? "" : ", ") + table.id;
        found = found || table.id == only;
        // What follows for a program's table needs the hits of the benchmark's kernels.
        const PublishedTable* wanted = std::find_if(published.data(), published.data() + published.size(),
                                                    [&](const PublishedTable& t) { return t.id == only; });
        const bool all_needed =
            only.empty() || (wanted != published.data() + published.size() && !wanted->is_benchmark());
        if (!table.is_benchmark() || !(all_needed || table.id == only)) continue;
        auto done = reproduce_table(table);
        if (!done) return tl::make_unexpected(done.error());
        all.tables.push_back(std::move(*done));
    }
    if (!found) return user_error(fmt::format("there is no published table '{}'", only), "", "the tables are " + known);
    if (only.empty() || only == "app-grep") all.grep = implied_grep_hits(published, all);
    if (only.empty() || only.starts_with("app-redis")) all.redis = implied_redis_costs(published, all);
    if (only.empty()) all.claims = check_claims(all);
    if (only.starts_with("app-")) all.tables.clear();
    return all;
}

}  // namespace uprobesim
