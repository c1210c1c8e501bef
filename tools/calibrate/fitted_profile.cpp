// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/calibrate/fitted_profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/base/try.h"
#include "sim/profile/machine_profile.h"
#include "tools/model/machine_text.h"

namespace uprobesim {
namespace {

constexpr std::string_view kMachine = "machine.";
constexpr double kMediumError = 0.1;  // of the value; a figure with more is of low confidence

Confidence confidence_of(const FittedParameter& p) {
    return !p.at_bound && p.standard_error <= kMediumError * p.value ? Confidence::Medium
                                                                     : Confidence::Low;
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
        Figure& figure = machine.figures.at(p.key.substr(kMachine.size()));
        figure.value = std::stod(fmt::format("{:.6g}", p.value));
        figure.confidence = confidence_of(p);
        figure.source =
            fmt::format("fitted: {} rows of {}, mean deviation {:.1f} %, standard error {:.2g}",
                        fit.fitted_rows(), fmt::join(fit.tables, ", "), fit.mean_deviation() * 100,
                        p.standard_error);
    }
    machine.description =
        fmt::format("calibrated by {} rows of its own, from {}", fit.fitted_rows(), machine.name);
    machine.name = name;
    const auto base = TRY(built_in_base(fit.machine));
    return machine_text(machine, base, head);
}

}  // namespace uprobesim
