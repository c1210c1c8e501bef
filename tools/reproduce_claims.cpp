// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/reproduce_claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

namespace uprobesim {
namespace {

const PublishedTable* find_table(const std::vector<PublishedTable>& published, std::string_view id) {
    const auto found = std::find_if(published.begin(), published.end(), [&](const auto& t) { return t.id == id; });
    return found == published.end() ? nullptr : &*found;
}

double kernel_cycles(const ReproducedRow& row) {
    return row.cost.exception_cycles + row.cost.path_cycles;
}

// A row of a table that was reproduced; null where the set of tables does not have it.
const ReproducedRow* row_of(const Reproduction& simulated, std::string_view table, std::string_view name) {
    const ReproducedTable* found = simulated.table(table);
    return found == nullptr ? nullptr : found->row(name);
}

double path_cycles(const ReproducedRow& row, std::initializer_list<KernelPath> paths) {
    double cycles = 0;
    for (const KernelPath path : paths)
        cycles += static_cast<double>(row.counts.paths[static_cast<std::size_t>(path)].cycles.value) / 100;
    return cycles / static_cast<double>(row.counts.iterations);
}

std::string percent_text(double share) {
    return fmt::format("{:.0f} %", share * 100);
}

}  // namespace

std::vector<ImpliedHits> implied_grep_hits(const std::vector<PublishedTable>& published,
                                           const Reproduction& simulated) {
    struct Candidate {
        const char *row, *table, *cost_of;
    };
    // Which kernel the row was measured on is not stated: each that could be.
    constexpr Candidate kCandidates[] = {
        {"single-stepped-stp", "next-20240909-xol-xol", "stepped, slot synchronised on every hit"},
        {"single-stepped-stp", "next-20240918-flush-if-changed", "stepped, slot synchronised if its bytes change"},
        {"emulated-stp", "next-20241104-sim-stp", "simulated by pin and map"},
        {"emulated-stp", "next-20241104-sim-stp-copy_to_user", "simulated by copy_to_user"},
    };
    std::vector<ImpliedHits> implied;
    const PublishedTable* grep = find_table(published, "app-grep");
    const PublishedRow* base = grep == nullptr ? nullptr : grep->row("no-uprobe");
    if (base == nullptr) return implied;
    for (const Candidate& c : kCandidates) {
        const PublishedRow* row = grep->row(c.row);
        const ReproducedRow* push = row_of(simulated, c.table, "uprobe-push");
        if (row == nullptr || push == nullptr) continue;
        const double added = row->value - base->value, cycles = kernel_cycles(*push);
        implied.push_back({c.row, added, c.cost_of, cycles, added / (cycles / simulated.table(c.table)->frequency_hz)});
    }
    return implied;
}

std::vector<ImpliedCost> implied_redis_costs(const std::vector<PublishedTable>& published,
                                             const Reproduction& simulated) {
    std::vector<ImpliedCost> implied;
    const PublishedTable* rates = find_table(published, "app-redis-set-20241104");
    const PublishedTable* hits = find_table(published, "app-redis-set-20241104-hits");
    if (rates == nullptr || hits == nullptr || rates->row("no-uprobe") == nullptr) return implied;
    for (const auto& [row, table] :
         {std::pair{"single-stepped-stp", "next-20241104-xol-stp"}, {"simulated-stp", "next-20241104-sim-stp"}}) {
        const PublishedRow* rate = rates->row(row);
        const PublishedRow* commands = hits->row(fmt::format("{}/processCommand", row));
        const ReproducedRow* push = row_of(simulated, table, "uprobe-push");
        if (rate == nullptr || commands == nullptr || push == nullptr) continue;
        double all = 0;
        for (const PublishedRow& hit : hits->rows) {
            if (hit.name.starts_with(std::string(row) + "/")) all += hit.value;
        }
        const double per_request = all / commands->value;
        const double added_us = 1e6 / rate->value - 1e6 / rates->row("no-uprobe")->value;
        implied.push_back({row, per_request, added_us / per_request,
                           kernel_cycles(*push) / simulated.table(table)->frequency_hz * 1e6});
    }
    return implied;
}

std::vector<Claim> check_claims(const Reproduction& simulated) {
    std::vector<Claim> claims;
    const auto at = [&](const char* table, const char* row) -> const ReproducedRow& {
        const ReproducedRow* found = row_of(simulated, table, row);
        check_invariant(found != nullptr, "a claim needs a table that is not built in");
        return *found;
    };
    const auto ratio = [](const ReproducedRow& fast, const ReproducedRow& slow, bool published) {
        return published ? fast.published.value / slow.published.value : fast.simulated / slow.simulated;
    };
    const auto ratios = [&](const ReproducedRow& fast, const ReproducedRow& slow, const char* form) {
        return std::pair{fmt::format(fmt::runtime(form), ratio(fast, slow, true)),
                         fmt::format(fmt::runtime(form), ratio(fast, slow, false))};
    };

    const auto& stepped = at("next-20241104-xol-stp", "uprobe-push");
    const auto& ret = at("next-20241104-xol-stp", "uprobe-ret");
    auto [published, model] = ratios(ret, stepped, "{:.2f} x");
    claims.push_back({"A stepped push costs how many times a simulated instruction, slot synchronised on every hit",
                      published, model,
                      fmt::format("synchronising the slot is {:.0f} of {:.0f} cycles",
                                  path_cycles(stepped, {KernelPath::UprobeSlotSync}), stepped.cost.cycles())});

    const auto& skip = at("next-20240918-flush-if-changed", "uprobe-push");
    const auto& skip_ret = at("next-20240918-flush-if-changed", "uprobe-ret");
    std::tie(published, model) = ratios(skip_ret, skip, "{:.2f} x");
    claims.push_back({"\"Stepping is expected to be about twice as expensive\": the same once the maintenance is gone",
                      published, model, "two exceptions instead of one, the slot, and MDSCR"});

    const auto& pinned = at("next-20241104-sim-stp", "uprobe-push");
    claims.push_back({"Simulating STP: \"240 % improvement\" of uprobe-push",
                      percent_text(ratio(pinned, stepped, true) - 1), percent_text(ratio(pinned, stepped, false) - 1),
                      "pin and map"});
    const auto& stepped_return = at("next-20241104-xol-stp", "uretprobe-push");
    const auto& pinned_return = at("next-20241104-sim-stp", "uretprobe-push");
    claims.push_back({"Simulating STP: \"114 % improvement\" of uretprobe-push",
                      percent_text(ratio(pinned_return, stepped_return, true) - 1),
                      percent_text(ratio(pinned_return, stepped_return, false) - 1), "pin and map"});

    const auto& other = at("andrii-bare-metal", "uprobe-push");
    const auto slot = {KernelPath::UprobeSlotCopy, KernelPath::UprobeSlotSync};
    claims.push_back({"Profile of the unnamed server: 5 % of the cycles in the copy to the slot", "5 %",
                      percent_text(path_cycles(other, slot) / other.cost.cycles()),
                      "copy and synchronisation of uprobe-push"});
    const auto& flush = at("next-20240918-flush-always", "uprobe-push");
    claims.push_back({"Profile of Kunpeng916: about 34 % in the cache maintenance of the slot", "34 %",
                      percent_text(path_cycles(flush, {KernelPath::UprobeSlotSync}) / flush.cost.cycles()),
                      "with the refetch of the line, which a profile books on the instructions that wait for it"});
    // Everything that runs with DAIF masked before the first unmask of an exception: what a sampling interrupt cannot
    // see until then.
    const double masked =
        other.cost.exception_cycles / 2 + path_cycles(other, {KernelPath::BrkEntry, KernelPath::StepEntry});
    claims.push_back({"Profile of the unnamed server: at least 22 % in local_daif_restore", "22 %",
                      percent_text(masked / other.cost.cycles()),
                      "all entry work with interrupts masked: samples pile up where they are unmasked"});
    return claims;
}

}  // namespace uprobesim
