// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/whatif/whatif.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/profile_keys.h"
#include "tools/cli/key_value.h"
#include "tools/format/text_table.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {
namespace {

// System calls with a result or duration that depends on simulated time.
constexpr std::array<std::string_view, 10> kTimedCalls = {
    "clock_gettime", "clock_nanosleep", "getitimer", "getrusage", "gettimeofday",
    "nanosleep",     "setitimer",       "sysinfo",   "times",     "timerfd_settime",
};

// Readers of reports refuse such a row.
constexpr std::string_view kUnknownRow = "a report row without a known name";

CentiCycles times_price(std::uint64_t times, CentiCycles each) {
    std::uint64_t product = 0;
    // Only absurd prices in an edited report come here.
    if (__builtin_mul_overflow(times, each.value, &product))
        product = ~std::uint64_t{0} / (2 * kKernelPathCount);
    return CentiCycles(product);
}

// Those that a vDSO answers without one.
constexpr std::array<std::string_view, 3> kClockCalls = {"clock_getres", "clock_gettime",
                                                         "gettimeofday"};

std::uint64_t calls_among(const RunReport& saved, std::span<const std::string_view> names) {
    std::uint64_t sum = 0;
    for (const NamedCount& call : saved.syscalls)
        sum += std::find(names.begin(), names.end(), call.name) != names.end() ? call.times : 0;
    return sum;
}

std::uint64_t trapped_reads(const RunReport& saved) {
    return exceptions_named(saved, exception_class_name(ExceptionClass::SysregTrap));
}

struct Names {
    std::string machine, kernel;
    std::vector<Setting> settings;
};

// What to type to have it run instead.
std::string run_command_for(const Provenance& p, const Names& names) {
    std::vector<std::string> words = {"uprobesim",   "run",      "--machine",
                                      names.machine, "--kernel", names.kernel};
    const auto add = [&](std::string option, std::string value) {
        words.push_back(std::move(option));
        words.push_back(std::move(value));
    };
    for (const Setting& s : names.settings) add("--set", s.key + "=" + s.value);
    if (p.seed != SimulationRequest{}.seed) add("--seed", std::to_string(p.seed));
    words.insert(words.end(), p.options.begin(), p.options.end());
    for (const std::string& probe : p.probes) add("-p", probe);
    words.insert(words.end(), p.arguments.begin(), p.arguments.end());
    std::string line;
    for (const std::string& word : words) line += (line.empty() ? "" : " ") + shell_word(word);
    return line;
}

Result<Names> names_of(const ProfileId& machine, const ProfileId& kernel,
                       const std::vector<std::string>& settings) {
    Names names{machine.given_as, kernel.given_as, {}};
    for (const std::string& word : settings) {
        auto pair = TRY(parse_key_value(word, "the report's settings", "machine.ops.isb=0"));
        names.settings.push_back({pair.key, pair.value});
    }
    return names;
}

// Whether another value of a key with this role could have changed what the guest did.
bool matters_to(const RunReport& saved, KeyRole role) {
    const bool counter = trapped_reads(saved) + saved.counter_reads != 0;
    switch (role) {
        case KeyRole::Trapped: return counter;
        case KeyRole::Clock: return counter || calls_among(saved, kClockCalls) != 0;
        case KeyRole::Behaviour: return true;
        default: return false;
    }
}

// The keys that are no prices must be what they were, where they matter to the run.
Outcome same_behaviour(const RunReport& run, const ProfileId& saved, const ProfileListing& now,
                       const std::string& run_instead) {
    std::map<std::string, std::string> left;
    for (const KeyText& row : saved.behaviour) left[row.key] = row.value;
    const auto refuse = [&](const std::string& key, const std::string& was, const std::string& is) {
        return user_error(
            fmt::format("{}.{} was {} and would be {}: {}, so the run must be made again",
                        profile_kind_name(now.kind), key, was.empty() ? "not given" : was,
                        is.empty() ? "not given" : is, key_rule(now.kind, key).why),
            "", run_instead);
    };
    for (const ProfileKey& key : now.keys) {
        if (!is_no_price(key.role)) continue;
        const auto was = left.find(key.key);
        const std::string before = was == left.end() ? "" : was->second;
        if (matters_to(run, key.role) && before != key.value)
            return refuse(key.key, before, key.value);
        if (was != left.end()) left.erase(was);
    }
    if (!left.empty()) return refuse(left.begin()->first, left.begin()->second, "");
    return {};
}

std::string with_unit(const ProfileKey* key) {
    if (key == nullptr) return "-";
    return key->unit.empty() ? key->value : fmt::format("{} {}", key->value, key->unit);
}

void add_changes(const ProfileListing& before, const ProfileListing& after,
                 std::vector<KeyChange>& changes) {
    for (const KeyDifference& d : profile_differences(before, after)) {
        changes.push_back({fmt::format("{}.{}", profile_kind_name(after.kind), d.key),
                           with_unit(d.a), with_unit(d.b)});
    }
}

bool attached_by_time(const RunReport& saved) {
    const std::vector<std::string>& options = saved.provenance.options;
    for (std::size_t i = 0; i + 1 < options.size(); ++i) {
        if ((options[i] == "--attach-at" || options[i] == "--detach-at") &&
            is_timed_point(options[i + 1]))
            return true;
    }
    return false;
}

std::vector<std::string> notes_for(const RunReport& saved) {
    std::vector<std::string> seen;
    for (const NamedCount& call : saved.syscalls) {
        if (std::find(kTimedCalls.begin(), kTimedCalls.end(), call.name) != kTimedCalls.end())
            seen.push_back(fmt::format("{} {}", call.name, counted(call.times, "time")));
    }
    if (saved.counter_reads != 0)
        seen.push_back(fmt::format("the counter {}", counted(saved.counter_reads, "time")));
    if (const std::uint64_t reads = trapped_reads(saved); reads != 0)
        seen.push_back(
            fmt::format("a trapped register, the counter perhaps, {}", counted(reads, "time")));
    std::vector<std::string> notes;
    if (!seen.empty()) {
        notes.push_back(
            fmt::format("the guest could have seen the simulated time and done something else at "
                        "other cost parameters ({})",
                        fmt::join(seen, ", ")));
    }
    if (const std::uint64_t ticks =
            exceptions_named(saved, exception_class_name(ExceptionClass::Irq));
        ticks != 0)
        notes.push_back(fmt::format("the ticks are taken as they were ({}): a longer run has more",
                                    counted(ticks, "interrupt")));
    if (saved.attachment && saved.attachment->attach.at_ns.value_or(0) != 0)
        notes.push_back("when probes were attached is told of the run as it was made");
    if (attached_by_time(saved))
        notes.push_back(
            "probes were attached or detached at a simulated time: at other cost parameters the "
            "program is elsewhere then");
    if (saved.idle_ns != 0) notes.push_back("the guest waited: its idle time is taken as it was");
    return notes;
}

bool same_cycles(const RunReport& a, const RunReport& b) {
    const auto equal = [](const auto& x, const auto& y) { return x.cycles == y.cycles; };
    return a.frequency_hz == b.frequency_hz &&
           std::equal(a.paths.begin(), a.paths.end(), b.paths.begin(), b.paths.end(), equal) &&
           std::equal(a.exceptions.begin(), a.exceptions.end(), b.exceptions.begin(),
                      b.exceptions.end(), equal);
}

// Whether the report is what its own profiles give, where these are still the same; false: they are
// not.
Result<bool> check_own_prices(const RunReport& saved, const Names& own,
                              const std::string& run_instead) {
    const auto load = Uncertainty::load(own.machine, own.kernel, own.settings);
    if (!load) return false;
    const ProfilePair& pair = load->profiles();
    if (pair.machine.text_hash != saved.provenance.machine.hash ||
        pair.kernel.text_hash != saved.provenance.kernel.hash)
        return false;
    if (same_cycles(saved, repriced(saved, PriceList(pair.machine, pair.kernel)))) return true;
    return user_error("the report's cycles are not its counts at its own profiles' cost parameters",
                      "",
                      "another version made it, or it was edited; make it again: " + run_instead);
}

}  // namespace

Answer answer_of(const RunReport& report) {
    const Totals t = totals_of(report);
    return {t.total_ns, to_ns(t.hit_cycles + t.placing_cycles, report.frequency_hz),
            t.mean_hit_cycles(), in_cycles(t.kernel_cycles)};
}

Repricer::Repricer(const RunReport& saved) : run_(saved) {
    for (const ExceptionRow& row : run_.exceptions) {
        const auto ec = find_exception_class(row.name);
        check_invariant(ec.has_value(), kUnknownRow);
        exceptions_.push_back(*ec);
    }
    for (const PathRow& row : run_.paths) {
        const auto path = find_kernel_path(row.name);
        check_invariant(path.has_value(), kUnknownRow);
        paths_.push_back(*path);
    }
}

const RunReport& Repricer::at(const PriceList& prices) {
    run_.frequency_hz = prices.frequency_hz();
    for (std::size_t i = 0; i < exceptions_.size(); ++i) {
        ExceptionRow& row = run_.exceptions[i];
        const CentiCycles each = prices.exception(exceptions_[i]);
        row.cycles = times_price(row.times, each);
        row.insns = prices.exception_insns(exceptions_[i]) * static_cast<double>(row.times);
        divide_by_account(row.accounts, row.cycles, each,
                          [](std::uint64_t) { return CentiCycles(); });
    }
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        PathRow& row = run_.paths[i];
        const KernelPath path = paths_[i];
        row.cycles = times_price(row.times, prices.path(path));
        if (row.units != 0) row.cycles += prices.path_units(path, row.units);
        divide_by_account(row.accounts, row.cycles, prices.path(path),
                          [&](std::uint64_t units) { return prices.path_units(path, units); });
        row.insns = prices.path_insns(path, row.times, row.units);
    }
    if (run_.attachment) price_attachment(prices);
    return run_;
}

void Repricer::price_attachment(const PriceList& prices) {
    const auto price = [&](RegistrationRow& event) {
        for (PathRow& row : event.paths) {
            const auto path = find_kernel_path(row.name);
            check_invariant(path.has_value(), kUnknownRow);
            row.cycles = times_price(row.times, prices.path(*path));
            if (row.units != 0) row.cycles += prices.path_units(*path, row.units);
            row.insns = prices.path_insns(*path, row.times, row.units);
        }
    };
    price(run_.attachment->attach);
    if (run_.attachment->detach) price(*run_.attachment->detach);
}

RunReport repriced(const RunReport& saved, const PriceList& prices) {
    Repricer repricer(saved);
    return repricer.at(prices);
}

Result<ProfilePair> profiles_of(const RunReport& saved) {
    const Provenance& p = saved.provenance;
    const auto own = TRY(names_of(p.machine, p.kernel, p.settings));
    auto machine = TRY(load_machine_profile(own.machine, own.settings));
    auto kernel = TRY(load_kernel_profile(own.kernel, own.settings));
    return ProfilePair{std::move(machine), std::move(kernel)};
}

std::string command_to_run_again(const RunReport& saved, const Setting& setting) {
    const Provenance& p = saved.provenance;
    Names names{p.machine.given_as, p.kernel.given_as, {}};
    if (const auto own = names_of(p.machine, p.kernel, p.settings)) names.settings = own->settings;
    names.settings.push_back(setting);
    return run_command_for(p, names);
}

Result<PricedAgain> price_again(const RunReport& saved, const WhatIfRequest& request) {
    const Provenance& p = saved.provenance;
    const auto own = TRY(names_of(p.machine, p.kernel, p.settings));
    Names now = own;
    if (!request.machine.empty()) now.machine = request.machine;
    if (!request.kernel.empty()) now.kernel = request.kernel;
    now.settings.insert(now.settings.end(), request.settings.begin(), request.settings.end());
    const std::string run_instead = run_command_for(p, now);

    if (saved.cpus > 1) {
        return user_error(
            "the report is of several CPUs: which waits for which depends on the cost parameters",
            "", "make the run again: " + run_instead);
    }
    const auto unchanged = TRY(check_own_prices(saved, own, run_instead));
    if (!unchanged && (request.machine.empty() || request.kernel.empty())) {
        return user_error(
            fmt::format("{} or {} is gone, or not what it was when the run was made", own.machine,
                        own.kernel),
            "",
            fmt::format("name both to take them as they are now: --machine {} --kernel {}",
                        now.machine, now.kernel));
    }

    const auto uncertainty = TRY(Uncertainty::load(now.machine, now.kernel, now.settings));
    PricedAgain result;
    result.before = saved;
    for (const auto kind : {ProfileKind::Machine, ProfileKind::Kernel}) {
        const bool machine = kind == ProfileKind::Machine;
        const auto after =
            TRY(list_profile(kind, machine ? now.machine : now.kernel, now.settings));
        TRY(same_behaviour(saved, machine ? p.machine : p.kernel, after, run_instead));
        if (!unchanged) continue;
        const auto before =
            TRY(list_profile(kind, machine ? own.machine : own.kernel, own.settings));
        add_changes(before, after, result.changes);
    }

    const ProfilePair& pair = uncertainty.profiles();
    result.after = repriced(saved, PriceList(pair.machine, pair.kernel));
    Provenance& after = result.after.provenance;
    after.machine = {pair.machine.name, pair.machine.description, pair.machine.text_hash,
                     now.machine, p.machine.behaviour};
    after.kernel = {pair.kernel.name, pair.kernel.description, pair.kernel.text_hash, now.kernel,
                    p.kernel.behaviour};
    after.settings.clear();
    for (const Setting& s : now.settings) after.settings.push_back(s.key + "=" + s.value);
    result.notes = notes_for(saved);
    if (!unchanged) result.notes.push_back("the run's own profiles have changed since it was made");
    if (request.low || request.high) {
        auto range = TRY(range_of(saved, uncertainty, request.low, request.high));
        result.range = std::move(range);
    }
    return result;
}

}  // namespace uprobesim
