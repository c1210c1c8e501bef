// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/pricing.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/try.h"
#include "tools/cli/key_value.h"

namespace uprobesim {
namespace {

// The number of a profile that a setting changes; null: it has none.
double* number_of(ProfilePair& profiles, std::string_view key) {
    constexpr std::string_view kMachine = "machine.", kKernel = "kernel.";
    if (key.starts_with(kMachine))
        return find_number(profiles.machine, key.substr(kMachine.size()));
    return find_number(profiles.kernel, key.substr(kKernel.size()));
}

}  // namespace

Result<RunPricing> RunPricing::make(const std::vector<SavedRun>& runs,
                                    const std::vector<Setting>& settings) {
    RunPricing pricing;
    for (const SavedRun& run : runs) {
        TRY(pricing.add(run, settings));
        if (pricing.runs_.size() > 1)
            pricing.labels_.push_back(runs.size() == 2 ? "probed" : run.label);
    }
    std::vector<const RunReport*> reports;
    reports.reserve(runs.size());
    for (const SavedRun& run : runs) reports.push_back(&run.report);
    pricing.writer_ = FigureWriter(figure_names(reports, pricing.labels_));
    return pricing;
}

Outcome RunPricing::add(const SavedRun& run, const std::vector<Setting>& settings) {
    if (!run.report.results.empty())
        return user_error("the scenario's results are read from its output and clock");
    // Refuses whatever has to be run again.
    WhatIfRequest request;
    request.settings = settings;
    const auto priced = price_again(run.report, request);
    if (!priced) return user_error(priced.error().what);
    for (const std::string& note : priced->notes) {
        if (std::find(notes_.begin(), notes_.end(), note) == notes_.end()) notes_.push_back(note);
    }
    const auto pair = TRY(pair_of(run.report, settings));
    runs_.push_back({Repricer(run.report), pair});
    return {};
}

Result<std::size_t> RunPricing::pair_of(const RunReport& run,
                                        const std::vector<Setting>& settings) {
    const Provenance& p = run.provenance;
    std::vector<std::string> names{p.kernel.given_as, p.machine.given_as};
    names.insert(names.end(), p.settings.begin(), p.settings.end());
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
        if (pairs_[i]->names == names) return i;
    }
    std::vector<Setting> own;
    for (const std::string& word : p.settings) {
        auto pair = TRY(parse_key_value(word, "the report's settings", "machine.ops.isb=0"));
        own.push_back({pair.key, pair.value});
    }
    auto machine = TRY(load_machine_profile(p.machine.given_as, own));
    auto kernel = TRY(load_kernel_profile(p.kernel.given_as, own));
    const PriceList prices(machine, kernel);
    auto pair = std::make_unique<Pair>(
        Pair{{std::move(machine), std::move(kernel)}, std::move(names), {}, prices});
    for (const Setting& setting : settings) {
        double* number = number_of(pair->profiles, setting.key);
        if (number == nullptr)
            return user_error(fmt::format("'{}' is no number of these profiles", setting.key));
        pair->numbers.push_back(number);
    }
    pairs_.push_back(std::move(pair));
    return pairs_.size() - 1;
}

void RunPricing::set_prices(const std::vector<double>& values) {
    for (const auto& pair : pairs_) {
        for (std::size_t i = 0; i < values.size(); ++i) *pair->numbers[i] = values[i];
        pair->prices = PriceList(pair->profiles.machine, pair->profiles.kernel);
    }
    reports_.clear();
    for (Priced& run : runs_) reports_.push_back(&run.repricer.at(pairs_[run.pair]->prices));
}

Figures RunPricing::at(const std::vector<double>& values) {
    set_prices(values);
    return figures_of_runs(reports_, labels_);
}

void RunPricing::add_json(const std::vector<double>& values, std::string& json) {
    set_prices(values);
    values_.clear();
    add_figure_values(reports_, values_);
    writer_.add(values_, json);
}

}  // namespace uprobesim
