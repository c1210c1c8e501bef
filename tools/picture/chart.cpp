// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/picture/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tools/format/number_text.h"

namespace uprobesim {

void Chart::choose_time_unit() {
    double most = base;
    for (const Row& row : rows) {
        double sum = 0;
        for (const auto& value : row.values) {
            if (value) sum += value->high.value_or(value->value);
        }
        most = std::max(most, sum);
    }
    struct Unit {
        double ns;
        const char* word;
    };
    constexpr std::array kUnits = {Unit{1e9, "s"}, Unit{1e6, "ms"}, Unit{1e3, "us"}, Unit{1, "ns"}};
    const auto chosen =
        std::ranges::find_if(kUnits, [&](const Unit& u) { return most >= u.ns || u.ns == 1; });
    unit = chosen->word;
    base /= chosen->ns;
    for (Row& row : rows) {
        for (auto& value : row.values) {
            if (!value) continue;
            value->value /= chosen->ns;
            if (value->low) *value->low /= chosen->ns;
            if (value->high) *value->high /= chosen->ns;
        }
    }
}

std::string chart_figure(double value) {
    const double size = std::abs(value);
    if (size == 0 || size >= 1000) return grouped(value);
    const int before = static_cast<int>(std::floor(std::log10(size))) + 1;
    return fmt::format("{:.{}f}", value, std::min(4 - before, 6));
}

std::size_t chart_colour(const Chart& chart, std::size_t series) {
    constexpr std::size_t kColours = 7;
    const auto pairs = std::count_if(chart.series.begin(),
                                     chart.series.begin() + static_cast<std::ptrdiff_t>(series) + 1,
                                     [](const Chart::Series& one) { return one.paired; });
    return (series - static_cast<std::size_t>(pairs)) % kColours;
}

}  // namespace uprobesim
