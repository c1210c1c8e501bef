// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/calibrate/contended_model.h"

#include <algorithm>
#include <cmath>

#include "sim/base/error.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

// Pairs of published rows that take the same way differ by 1 to 5 % where starts do not.
constexpr double kRepeats = 0.03;

}  // namespace

Figure& contention_figure(ContentionFigures& figures, std::string_view key) {
    const auto& keys = contention_keys();
    const auto found = std::find_if(keys.begin(), keys.end(),
                                    [&](const ContentionKey& row) { return row.key == key; });
    check_invariant(found != keys.end(), "a key that [contention] does not have");
    return found->of(figures);
}

Result<ContendedModel> ContendedModel::make(std::vector<ContendedSeries> series,
                                            const TransferRequest& request,
                                            MachineProfile machine) {
    ContendedModel model(std::move(series), std::move(machine));
    for (const ContendedSeries& one : model.series_) {
        TriggerRequest trigger;
        trigger.variant = one.variant;
        trigger.kernel = one.kernel;
        trigger.machine = request.machine;
        trigger.settings = request.settings;
        trigger.handler = one.handler;
        model.hits_.push_back(TRY(record_hit(trigger)));
        model.requests_.push_back(std::move(trigger));
    }
    return model;
}

VectorXd ContendedModel::values() const {
    ContentionFigures figures = *machine_.contention;
    VectorXd values(static_cast<Index>(parameters_.size()));
    for (std::size_t p = 0; p < parameters_.size(); ++p)
        values[static_cast<Index>(p)] =
            contention_figure(figures, parameters_[p].keys.front()).value;
    return values;
}

Result<std::vector<ProducersRow>> ContendedModel::rows(const MachineProfile& machine) const {
    std::vector<ProducersRow> all;
    for (std::size_t s = 0; s < series_.size(); ++s) {
        // Rows that repeat a measurement are simulated once.
        ProducersRequest wanted;
        for (const ContendedRow& row : series_[s].rows) wanted.producers.push_back(row.cpus);
        std::sort(wanted.producers.begin(), wanted.producers.end());
        wanted.producers.erase(std::unique(wanted.producers.begin(), wanted.producers.end()),
                               wanted.producers.end());
        const auto simulated = TRY(sweep(requests_[s], hits_[s], machine, wanted));
        for (const ContendedRow& row : series_[s].rows) {
            const auto at =
                std::lower_bound(wanted.producers.begin(), wanted.producers.end(), row.cpus);
            all.push_back(simulated[static_cast<std::size_t>(at - wanted.producers.begin())]);
        }
    }
    return all;
}

Result<VectorXd> ContendedModel::cycles(const VectorXd& parameters) const {
    MachineProfile machine = machine_;
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
        for (const std::string& key : parameters_[p].keys)
            contention_figure(*machine.contention, key).value = parameters[static_cast<Index>(p)];
    }
    const auto all = TRY(rows(machine));
    VectorXd cycles(static_cast<Index>(all.size()));
    for (std::size_t r = 0; r < all.size(); ++r)
        cycles[static_cast<Index>(r)] = machine.frequency_hz.value / all[r].mean() / 1e6;
    return cycles;
}

Result<VectorXd> ContendedModel::scatter() const {
    const auto all = TRY(rows(machine_));
    VectorXd scatter(static_cast<Index>(all.size()));
    Index at = 0;
    for (const ContendedSeries& one : series_) {
        for (const ContendedRow& row : one.rows) {
            const ProducersRow& simulated = all[static_cast<std::size_t>(at)];
            scatter[at++] = row.tolerance > 0
                                ? row.tolerance
                                : std::hypot(kRepeats, simulated.deviation() / simulated.mean());
        }
    }
    return scatter;
}

}  // namespace uprobesim
