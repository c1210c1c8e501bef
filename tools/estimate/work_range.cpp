// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/estimate/work_range.h"

#include <algorithm>
#include <cmath>

#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::string_view kPaths = "kernel.paths.";

std::optional<KernelPath> path_of(const VariedFigure& figure) {
    if (!figure.key.starts_with(kPaths)) return std::nullopt;
    return find_kernel_path(std::string_view(figure.key).substr(kPaths.size()));
}

}  // namespace

double VariedPrices::Swing::ns() const {
    return std::abs(ns_at_high - ns_at_low);
}

VariedPrices::VariedPrices(Uncertainty uncertainty, std::vector<Ends> ends)
    : uncertainty_(std::move(uncertainty)),
      prices_(uncertainty_.profiles().machine, uncertainty_.profiles().kernel),
      ends_(std::move(ends)) {}

Result<VariedPrices> VariedPrices::load(const std::string& machine, const std::string& kernel,
                                        const std::vector<Setting>& settings) {
    auto uncertainty = TRY(Uncertainty::load(machine, kernel, settings));
    std::vector<Ends> ends;
    for (std::size_t f = 0; f < uncertainty.figures().size(); ++f) {
        const VariedFigure& figure = uncertainty.figures()[f];
        const ConfidenceRange& range = confidence_range(figure.confidence);
        const auto low = TRY(uncertainty.with({{f, range.low}}));
        const auto high = TRY(uncertainty.with({{f, range.high}}));
        ends.push_back({path_of(figure), PriceList(low.machine, low.kernel),
                        PriceList(high.machine, high.kernel)});
    }
    return VariedPrices(std::move(uncertainty), std::move(ends));
}

VariedPrices::Sensitivity VariedPrices::sensitivity_of(const HitWork& work) const {
    const double ns = ns_of(work, prices_);
    IndependentErrors errors(ns);
    std::vector<Swing> swings;
    for (std::size_t f = 0; f < ends_.size(); ++f) {
        const Ends& ends = ends_[f];
        if (ends.path && !work.uses(*ends.path)) continue;
        const VariedFigure& figure = uncertainty_.figures()[f];
        Swing swing{figure.key,        figure.unit,           figure.value,
                    figure.confidence, ns_of(work, ends.low), ns_of(work, ends.high)};
        if (swing.ns_at_low == swing.ns_at_high) continue;
        errors.add(swing.ns_at_low, swing.ns_at_high);
        swings.push_back(std::move(swing));
    }
    std::stable_sort(swings.begin(), swings.end(),
                     [](const Swing& a, const Swing& b) { return a.ns() > b.ns(); });
    return {{ns, errors.low(), errors.high()}, std::move(swings)};
}

}  // namespace uprobesim
