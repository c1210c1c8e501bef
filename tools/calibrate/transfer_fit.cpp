// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/calibrate/transfer_fit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/machine_profile.h"
#include "sim/profile/toml_reader.h"
#include "tools/calibrate/contended_model.h"
#include "tools/calibrate/telling.h"

namespace uprobesim {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr const char* kAgain = "these rows again, from other starts";

// "transfer-" of "transfer-die", or nothing: it is no cost of a tier.
std::string_view tier_prefix(std::string_view key) {
    for (const std::string_view prefix : {"transfer-", "read-"}) {
        if (key.starts_with(prefix)) return prefix;
    }
    return {};
}

bool is_cost(std::string_view key) {
    return !tier_prefix(key).empty() || key.starts_with("handover-");
}

std::string name_of(const std::vector<std::string>& keys) {
    if (keys.size() == 1) return key_path(kContentionTable, keys.front());
    const std::string_view prefix = tier_prefix(keys.front());
    std::vector<std::string> tiers;
    tiers.reserve(keys.size());
    for (const std::string& key : keys) tiers.push_back(key.substr(prefix.size()));
    return fmt::format("{}.{}{{{}}}", kContentionTable, prefix, fmt::join(tiers, ","));
}

// All costs that are not 0; neighbouring tiers that cost the same are one.
std::vector<TransferParameter> all_parameters(ContentionFigures figures) {
    std::vector<TransferParameter> all;
    double value = 0;
    for (const ContentionKey& row : contention_keys()) {
        const double here = row.of(figures).value;
        if (!is_cost(row.key) || here <= 0) continue;
        const std::string_view prefix = tier_prefix(row.key);
        const bool same = !all.empty() && !prefix.empty() && here == value &&
                          tier_prefix(all.back().keys.front()) == prefix;
        if (!same) all.push_back({});
        all.back().keys.emplace_back(row.key);
        value = here;
    }
    for (TransferParameter& one : all) one.name = name_of(one.keys);
    return all;
}

Result<std::vector<TransferParameter>> named_parameters(const std::vector<std::string>& free) {
    std::vector<std::string> known;
    for (const ContentionKey& row : contention_keys()) {
        if (is_cost(row.key)) known.push_back(fmt::format("{}{}", kContentionKeys, row.key));
    }
    std::vector<TransferParameter> all;
    for (const std::string& name : free) {
        if (std::find(known.begin(), known.end(), name) == known.end())
            return user_error(fmt::format("'{}' cannot be fitted", name), "--free",
                              did_you_mean(name, known));
        const std::vector<std::string> key = {name.substr(kContentionKeys.size())};
        all.push_back({name_of(key), key});
    }
    return all;
}

std::vector<std::string> names_of(const std::vector<TransferParameter>& parameters) {
    std::vector<std::string> names;
    names.reserve(parameters.size());
    for (const TransferParameter& one : parameters) names.push_back(one.name);
    return names;
}

// "uprobe-push on 64 CPUs": what reaches the tier, where no row does.
std::string cpus_to_measure(const TransferParameter& parameter, ContentionFigures figures,
                            const std::vector<ContendedSeries>& series) {
    const std::string& key = parameter.keys.front();
    const std::string_view prefix = tier_prefix(key);
    if (prefix.empty()) return "a stepped probe on many CPUs before v6.15, which takes the siglock";
    const auto tier = static_cast<std::size_t>(
        std::find(kTierNames.begin(), kTierNames.end(), key.substr(prefix.size())) -
        kTierNames.begin());
    if (tier >= kTierCount) return kAgain;
    const auto within = [&](std::size_t t) { return static_cast<unsigned>(figures.cpus[t].value); };
    const unsigned below = tier <= 1 ? 1 : within(tier - 1);
    const unsigned cpus = tier + 1 == kTierCount ? 2 * below : within(tier);
    for (const ContendedSeries& one : series) {
        for (const ContendedRow& row : one.rows) {
            if (row.cpus > below) return kAgain;
        }
    }
    return fmt::format("uprobe-push on {} CPUs", cpus);
}

std::vector<FittedRow> rows_to_fit(const ContendedModel& model, double hz) {
    std::vector<FittedRow> rows;
    for (const ContendedSeries& one : model.series()) {
        for (const ContendedRow& row : one.rows)
            rows.push_back({.table = one.table,
                            .name = fmt::format("{} ({} cpus)", one.name, row.cpus),
                            .published_cycles = hz / row.rate / 1e6,
                            .left_out = one.left_out});
    }
    return rows;
}

// d ln cycles / d ln parameter, of a row that repeats worse than others so much less.
Result<MatrixXd> sensitivity(const ContendedModel& model, const VectorXd& pull) {
    const VectorXd start = model.values();
    const auto cycles = TRY(model.cycles(start));
    const auto slopes = TRY(model.derivatives(start, cycles));
    return MatrixXd(
        (slopes.array().colwise() * (pull.array() * kRowNoise / cycles.array())).rowwise() *
        start.transpose().array());
}

// How well the fit predicts the rows that did not pull on it.
Outcome add_left_out(std::vector<ContendedSeries> series, const TransferRequest& request,
                     const MachineProfile& machine, TransferFit& fit) {
    auto model = TRY(ContendedModel::make(std::move(series), request, machine));
    model.set_parameters(fit.fitted);
    VectorXd at = model.values();
    for (Index p = 0; p < at.size(); ++p) at[p] = fit.parameters[static_cast<std::size_t>(p)].value;
    const auto cycles = TRY(model.cycles(at));
    Index r = 0;
    for (FittedRow& row : rows_to_fit(model, machine.frequency_hz.value)) {
        row.fitted_cycles = cycles[r++];
        row.deviation = row.published_cycles / row.fitted_cycles - 1;
        row.left_out_deviation = row.deviation;
        fit.rows.push_back(std::move(row));
    }
    return {};
}

// Keeps those of the model's parameters that its rows tell.
Outcome choose(ContendedModel& model, const TransferRequest& request, const VectorXd& pull,
               const ContentionFigures& figures, std::vector<UntoldParameter>& untold) {
    const std::vector<TransferParameter> all = model.parameters();
    const VectorXd values = model.values();
    const auto known = TRY(sensitivity(model, pull));
    const TellingLimit& limit = request.free.empty() ? kChosenLimit : kAskedLimit;
    const Columns told = told_columns(known, limit);
    std::vector<TransferParameter> taken;
    for (std::size_t p = 0; p < all.size(); ++p) {
        if (std::find(told.begin(), told.end(), p) != told.end()) {
            taken.push_back(all[p]);
            continue;
        }
        const std::string why = why_untold(known, told, p, limit, names_of(all));
        const std::string measure = cpus_to_measure(all[p], figures, model.series());
        if (!request.free.empty())
            return user_error(fmt::format("{}: {}", all[p].name, why), "--free",
                              fmt::format("leave it out, or measure {}", measure));
        untold.push_back({all[p].name, values[static_cast<Index>(p)], why, measure});
    }
    model.set_parameters(std::move(taken));
    return {};
}

std::vector<FittedRow> pulling_rows(std::vector<FittedRow> rows) {
    std::erase_if(rows, [](const FittedRow& row) { return !row.left_out.empty(); });
    return rows;
}

}  // namespace

std::size_t TransferFit::fitted_rows() const {
    return pulling_rows(rows).size();
}

double TransferFit::mean_deviation() const {
    return mean_deviation_of(pulling_rows(rows));
}

Result<TransferFit> fit_transfers(std::vector<ContendedSeries> series,
                                  const TransferRequest& request) {
    auto machine = TRY(load_machine_profile(request.machine, request.settings));
    if (!machine.contention)
        return user_error("the machine's profile has no [contention], where a fit could begin",
                          request.machine, "begin with kunpeng916 or neoverse-n1");
    const auto pulling =
        std::stable_partition(series.begin(), series.end(),
                              [](const ContendedSeries& one) { return !one.left_out.empty(); });
    std::vector<ContendedSeries> left_out(series.begin(), pulling);
    series.erase(series.begin(), pulling);
    const ContentionFigures figures = *machine.contention;
    auto model = TRY(ContendedModel::make(std::move(series), request, machine));
    model.set_parameters(request.free.empty() ? all_parameters(figures)
                                              : TRY(named_parameters(request.free)));
    TransferFit fit;
    const VectorXd pull = TRY(model.scatter()).cwiseInverse();
    TRY(choose(model, request, pull, figures, fit.untold));
    if (model.parameters().empty()) return fit;
    fit.fitted = model.parameters();
    auto solved = TRY(least_squares({model, names_of(fit.fitted), model.values(),
                                     rows_to_fit(model, machine.frequency_hz.value), pull, true}));
    fit.parameters = std::move(solved.parameters);
    fit.rows = std::move(solved.rows);
    TRY(add_left_out(std::move(left_out), request, machine, fit));
    return fit;
}

}  // namespace uprobesim
