// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cost/ledger.h"

#include <algorithm>
#include <string_view>

namespace uprobesim {

namespace {
constexpr std::array<std::string_view, kAccountCount> kNames = {"guest", "probe-hit", "probe-place",
                                                                "interrupt"};
}

std::string_view account_name(Account account) {
    return kNames[static_cast<std::size_t>(account)];
}

std::optional<Account> find_account(std::string_view name) {
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<Account>(found - kNames.begin());
}

CentiCycles TaskLedger::kernel_cycles() const {
    CentiCycles sum;
    for (const CentiCycles account : cycles) sum += account;
    return sum;
}

CentiCycles Ledger::spend_any(TaskId task, KernelPath path, std::uint64_t units, Account account) {
    CentiCycles cost = prices_.path(path);
    if (units != 0) {
        PricedUnits& all = units_[static_cast<std::size_t>(path)];
        all.units += units;
        const CentiCycles now = prices_.path_units(path, all.units);
        cost += now - all.cycles;
        all.cycles = now;
        charges_[static_cast<std::size_t>(account)].paths[static_cast<std::size_t>(path)].units +=
            units;
    }
    book(of(task), path, cost, account);
    if (observer_ != nullptr) observer_->charged(task, path, units, cost, account);
    return cost;
}

void Ledger::move(TaskId ended, TaskId to) {
    const auto it = tasks_.find(ended);
    if (it == tasks_.end() || ended == to) return;
    TaskLedger& sum = tasks_[to];
    for (std::size_t a = 0; a < kAccountCount; ++a) sum.cycles[a] += it->second.cycles[a];
    sum.exceptions += it->second.exceptions;
    sum.hits += it->second.hits;
    sum.faults += it->second.faults;
    sum.billed += it->second.billed;
    tasks_.erase(it);
    last_ = nullptr;
}

Charges Ledger::total() const {
    Charges sum;
    for (const Charges& account : charges_) {
        for (std::size_t p = 0; p < kKernelPathCount; ++p) {
            sum.paths[p].times += account.paths[p].times;
            sum.paths[p].units += account.paths[p].units;
            sum.paths[p].cycles += account.paths[p].cycles;
        }
        for (std::size_t e = 0; e < kExceptionClassCount; ++e)
            sum.exceptions[e] += account.exceptions[e];
        for (std::size_t l = 0; l < kSharedLineCount; ++l) sum.waits[l] += account.waits[l];
    }
    return sum;
}

}  // namespace uprobesim
