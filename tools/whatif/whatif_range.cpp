// SPDX-License-Identifier: GPL-2.0-or-later
// How far the answer moves when the figures are as far off as their confidence allows.
#include <algorithm>
#include <cmath>

#include "sim/base/try.h"
#include "tools/whatif/whatif.h"

namespace uprobesim {
namespace {

// A path the run did not take cannot matter.
bool may_matter(const RunReport& saved, const VariedFigure& figure) {
    constexpr std::string_view kPaths = "kernel.paths.";
    if (!figure.key.starts_with(kPaths)) return true;
    const std::string_view path = std::string_view(figure.key).substr(kPaths.size());
    return std::any_of(saved.paths.begin(), saved.paths.end(),
                       [&](const PathRow& row) { return row.name == path; });
}

Result<RunReport> run_with(const RunReport& saved, const Uncertainty& uncertainty,
                           const std::vector<Uncertainty::Change>& changes) {
    const auto pair = TRY(uncertainty.with(changes));
    return repriced(saved, PriceList(pair.machine, pair.kernel));
}

}  // namespace

double Swing::ns() const {
    return std::abs(at_high.total_ns - at_low.total_ns);
}

Result<AnswerRange> range_of(const RunReport& saved, const Uncertainty& uncertainty, bool low,
                             bool high) {
    AnswerRange range;
    std::vector<Uncertainty::Change> shorter, longer;
    const ProfilePair& pair = uncertainty.profiles();
    IndependentErrors errors(
        answer_of(repriced(saved, PriceList(pair.machine, pair.kernel))).total_ns);
    for (std::size_t f = 0; f < uncertainty.figures().size(); ++f) {
        const VariedFigure& figure = uncertainty.figures()[f];
        if (!may_matter(saved, figure)) continue;
        const ConfidenceRange& ends = confidence_range(figure.confidence);
        const auto at_low = run_with(saved, uncertainty, {{f, ends.low}});
        if (!at_low) return tl::make_unexpected(at_low.error());
        const auto at_high = run_with(saved, uncertainty, {{f, ends.high}});
        if (!at_high) return tl::make_unexpected(at_high.error());
        Swing swing{figure, figure.value * ends.low, figure.value * ends.high, answer_of(*at_low),
                    answer_of(*at_high)};
        if (swing.at_low.total_ns == swing.at_high.total_ns) continue;
        const bool rising = swing.at_low.total_ns < swing.at_high.total_ns;
        shorter.push_back({f, rising ? ends.low : ends.high});
        longer.push_back({f, rising ? ends.high : ends.low});
        errors.add(swing.at_low.total_ns, swing.at_high.total_ns);
        range.swings.push_back(std::move(swing));
    }
    range.independent_low_ns = errors.low();
    range.independent_high_ns = errors.high();
    std::stable_sort(range.swings.begin(), range.swings.end(),
                     [](const Swing& a, const Swing& b) { return a.ns() > b.ns(); });
    if (low) {
        auto run = TRY(run_with(saved, uncertainty, shorter));
        range.low = std::move(run);
    }
    if (high) {
        auto run = TRY(run_with(saved, uncertainty, longer));
        range.high = std::move(run);
    }
    return range;
}

}  // namespace uprobesim
