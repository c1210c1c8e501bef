// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/indices/sobol.h"

#include <algorithm>
#include <cmath>

#include "sim/base/entropy.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kBootstrapSeed = 1;
constexpr std::uint64_t kMostSteps = 200'000'000;  // of all resamples together
constexpr std::size_t kFewestResamples = 40;

using Rows = std::vector<const std::optional<double>*>;

struct Moments {
    double mean = 0, variance = 0;
};

Moments moments_of(const Rows& rows) {
    const auto count = static_cast<double>(rows.size());
    Moments moments;
    double squares = 0;
    for (const auto* row : rows) moments.mean += (*row[0] + *row[1]) / (2 * count);
    for (const auto* row : rows)
        squares += std::pow(*row[0] - moments.mean, 2) + std::pow(*row[1] - moments.mean, 2);
    moments.variance = squares / (2 * count);
    return moments;
}

struct Estimate {
    double first = 0, total = 0;
};

Estimate estimate(const Rows& rows, const Moments& moments, std::size_t axis) {
    const double scale = static_cast<double>(rows.size()) * moments.variance;
    Estimate sums;
    for (const auto* row : rows) {
        const double a = *row[0], b = *row[1], mixed = *row[2 + axis];
        sums.first += (b - moments.mean) * (mixed - a);
        sums.total += (a - mixed) * (a - mixed);
    }
    return {sums.first / scale, sums.total / (2 * scale)};
}

// Roundings of a figure that does not change are no variance.
bool changes(const Moments& moments) {
    return moments.variance > std::pow(1e-12 * moments.mean, 2);
}

}  // namespace

std::size_t resamples_of(std::uint64_t rows, std::size_t axes) {
    const std::uint64_t affordable = kMostSteps / std::max<std::uint64_t>(1, rows * axes);
    return std::clamp<std::size_t>(affordable, kFewestResamples, kResamples);
}

void set_interval(Share& share, std::vector<double> resampled) {
    std::sort(resampled.begin(), resampled.end());
    if (resampled.empty()) {
        share.low = share.high = share.value;
        return;
    }
    const auto at = [&](double part) {
        return resampled[static_cast<std::size_t>(
            std::lround(part * static_cast<double>(resampled.size() - 1)))];
    };
    share.low = at(0.025);
    share.high = at(0.975);
}

std::optional<SobolIndices> sobol_indices(const std::vector<std::optional<double>>& values,
                                          std::size_t axes) {
    const std::size_t together = axes + 2;
    Rows rows;
    for (std::size_t at = 0; at + together <= values.size(); at += together) {
        const auto* row = &values[at];
        if (std::all_of(row, row + together, [](const auto& value) { return value.has_value(); }))
            rows.push_back(row);
    }
    if (rows.size() < 2) return std::nullopt;
    const Moments moments = moments_of(rows);
    if (!changes(moments)) return std::nullopt;
    SobolIndices result;
    result.rows = rows.size();
    result.mean = moments.mean;
    result.deviation = std::sqrt(moments.variance);
    std::vector<std::vector<double>> firsts(axes), totals(axes);
    Entropy entropy(kBootstrapSeed);
    Rows drawn(rows.size());
    for (std::size_t i = 0; i < resamples_of(rows.size(), axes); ++i) {
        for (auto& row : drawn) row = rows[entropy.next() % rows.size()];
        const Moments of_drawn = moments_of(drawn);
        if (!changes(of_drawn)) continue;
        for (std::size_t axis = 0; axis < axes; ++axis) {
            const Estimate one = estimate(drawn, of_drawn, axis);
            firsts[axis].push_back(one.first);
            totals[axis].push_back(one.total);
        }
    }
    for (std::size_t axis = 0; axis < axes; ++axis) {
        const Estimate whole = estimate(rows, moments, axis);
        auto& index = result.axes.emplace_back();
        index.first.value = whole.first;
        index.total.value = whole.total;
        set_interval(index.first, std::move(firsts[axis]));
        set_interval(index.total, std::move(totals[axis]));
    }
    return result;
}

}  // namespace uprobesim
