// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/estimate/work_range.h"

#include <algorithm>
#include <cmath>

#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::string_view kPaths = "kernel.paths.";
constexpr std::string_view kLines = "machine.contention.";

std::optional<KernelPath> path_of(const VariedFigure& figure) {
    if (!figure.key.starts_with(kPaths)) return std::nullopt;
    return find_kernel_path(std::string_view(figure.key).substr(kPaths.size()));
}

VariedPrices::All all_of(const ProfilePair& pair, bool waiting) {
    VariedPrices::All all{PriceList(pair.machine, pair.kernel), {}};
    if (waiting && pair.machine.contention)
        all.lines.emplace(
            LineCosts{*pair.machine.contention, AccessPlan(pair.machine, pair.kernel)});
    return all;
}

}  // namespace

double VariedPrices::Swing::ns() const {
    return std::abs(ns_at_high - ns_at_low);
}

VariedPrices::VariedPrices(Uncertainty uncertainty, All all, std::vector<Ends> ends)
    : uncertainty_(std::move(uncertainty)), all_(std::move(all)), ends_(std::move(ends)) {}

Result<VariedPrices> VariedPrices::load(const std::string& machine, const std::string& kernel,
                                        const std::vector<Setting>& settings, bool waiting) {
    auto uncertainty = TRY(Uncertainty::load(machine, kernel, settings, waiting));
    std::vector<Ends> ends;
    for (std::size_t f = 0; f < uncertainty.figures().size(); ++f) {
        const VariedFigure& figure = uncertainty.figures()[f];
        const ConfidenceRange& range = confidence_range(figure.confidence);
        const auto low = TRY(uncertainty.with({{f, range.low}}));
        const auto high = TRY(uncertainty.with({{f, range.high}}));
        ends.push_back({path_of(figure), figure.key.starts_with(kLines), all_of(low, waiting),
                        all_of(high, waiting)});
    }
    All all = all_of(uncertainty.profiles(), waiting);
    return VariedPrices(std::move(uncertainty), std::move(all), std::move(ends));
}

VariedPrices::Sensitivity VariedPrices::sensitivity(
    double ns, const std::function<std::pair<double, double>(std::size_t)>& at_ends) const {
    IndependentErrors errors(ns);
    std::vector<Swing> swings;
    for (std::size_t f = 0; f < ends_.size(); ++f) {
        const auto [low, high] = at_ends(f);
        if (low == high) continue;
        const VariedFigure& figure = uncertainty_.figures()[f];
        errors.add(low, high);
        swings.push_back({figure.key, figure.unit, figure.value, figure.confidence, low, high});
    }
    std::stable_sort(swings.begin(), swings.end(),
                     [](const Swing& a, const Swing& b) { return a.ns() > b.ns(); });
    return {{ns, errors.low(), errors.high()}, std::move(swings)};
}

VariedPrices::Sensitivity VariedPrices::sensitivity_of(const HitWork& work) const {
    const double ns = ns_of(work, prices());
    return sensitivity(ns, [&](std::size_t f) {
        const Ends& ends = ends_[f];
        if (ends.of_lines || (ends.path && !work.uses(*ends.path))) return std::pair(ns, ns);
        return std::pair(ns_of(work, ends.low.prices), ns_of(work, ends.high.prices));
    });
}

}  // namespace uprobesim
