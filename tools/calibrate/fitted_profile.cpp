// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/calibrate/fitted_profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/base/try.h"
#include "sim/profile/machine_profile.h"
#include "tools/calibrate/contended_model.h"
#include "tools/model/machine_text.h"

namespace uprobesim {
namespace {

constexpr std::string_view kMachine = "machine.";
constexpr double kMediumError = 0.1;  // of the value; a figure with more is of low confidence

Confidence confidence_of(const FittedParameter& p) {
    return !p.at_bound && p.standard_error <= kMediumError * p.value ? Confidence::Medium
                                                                     : Confidence::Low;
}

std::string rows_text(std::size_t rows, const std::vector<std::string>& tables,
                      double mean_deviation) {
    return fmt::format("{} rows of {}, mean deviation {:.1f} %", rows, fmt::join(tables, ", "),
                       mean_deviation * 100);
}

void mark_fitted(Figure& figure, const FittedParameter& p, const std::string& rows) {
    figure.value = std::stod(fmt::format("{:.6g}", p.value));
    figure.confidence = confidence_of(p);
    figure.source = fmt::format("fitted: {}, standard error {:.2g}", rows, p.standard_error);
}

void mark_transfers(MachineProfile& machine, const TransferFit& fit) {
    std::vector<std::string> tables;
    for (const FittedRow& row : fit.rows) {
        if (row.left_out.empty() && (tables.empty() || tables.back() != row.table))
            tables.push_back(row.table);
    }
    tables.erase(std::unique(tables.begin(), tables.end()), tables.end());
    const std::string rows = rows_text(fit.fitted_rows(), tables, fit.mean_deviation());
    for (std::size_t p = 0; p < fit.parameters.size(); ++p) {
        for (const std::string& key : fit.fitted[p].keys)
            mark_fitted(contention_figure(*machine.contention, key), fit.parameters[p], rows);
    }
}

}  // namespace

Result<std::string> fitted_profile(const Fit& fit, const std::string& name) {
    auto machine = TRY(load_machine_profile(fit.machine, fit.settings));
    std::string head =
        fmt::format("Written by uprobesim calibrate, which began with {}.", machine.name);
    mark_given(machine, fit.settings, fit.stated);
    for (const FittedParameter& p : fit.parameters) {
        if (!p.key.starts_with(kMachine)) {
            head += fmt::format("\nFitted with it, of the kernel: --set {}={:.6g}", p.key, p.value);
            continue;
        }
        mark_fitted(machine.figures.at(p.key.substr(kMachine.size())), p,
                    rows_text(fit.fitted_rows(), fit.tables, fit.mean_deviation()));
    }
    if (fit.transfers) mark_transfers(machine, *fit.transfers);
    machine.description = fmt::format(
        "calibrated by {} rows of its own, from {}",
        fit.fitted_rows() + (fit.transfers ? fit.transfers->fitted_rows() : 0), machine.name);
    machine.name = name;
    const auto base = TRY(built_in_base(fit.machine));
    return machine_text(machine, base, head);
}

}  // namespace uprobesim
