// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/sobol.h"

#include <algorithm>
#include <cmath>

namespace uprobesim {

std::optional<SobolIndices> sobol_indices(const std::vector<std::optional<double>>& values,
                                          std::size_t axes) {
    const std::size_t together = axes + 2;
    std::vector<const std::optional<double>*> rows;
    for (std::size_t at = 0; at + together <= values.size(); at += together) {
        const auto* row = &values[at];
        if (std::all_of(row, row + together, [](const auto& value) { return value.has_value(); }))
            rows.push_back(row);
    }
    if (rows.size() < 2) return std::nullopt;
    SobolIndices result;
    result.rows = rows.size();
    result.axes.resize(axes);
    const auto count = static_cast<double>(rows.size());
    double squares = 0;
    for (const auto* row : rows) result.mean += (*row[0] + *row[1]) / (2 * count);
    for (const auto* row : rows)
        squares += std::pow(*row[0] - result.mean, 2) + std::pow(*row[1] - result.mean, 2);
    const double variance = squares / (2 * count);
    // Roundings of a figure that does not change are no variance.
    if (variance <= std::pow(1e-12 * result.mean, 2)) return std::nullopt;
    result.deviation = std::sqrt(variance);
    for (std::size_t axis = 0; axis < axes; ++axis) {
        for (const auto* row : rows) {
            const double a = *row[0] - result.mean, b = *row[1] - result.mean,
                         mixed = *row[2 + axis] - result.mean;
            result.axes[axis].first += b * (mixed - a) / (count * variance);
            result.axes[axis].total += std::pow(a - mixed, 2) / (2 * count * variance);
        }
    }
    return result;
}

}  // namespace uprobesim
