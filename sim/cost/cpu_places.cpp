// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cost/cpu_places.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "sim/cost/shared_lines.h"

namespace uprobesim {
namespace {

// Each is as far as can be from those before it.
std::vector<unsigned> scattered(const ContentionFigures& figures, unsigned threads) {
    std::vector<unsigned> cpus;
    while (cpus.size() < threads) {
        // The farthest from its nearest among those taken; the lowest number of equals.
        unsigned best = 0;
        std::pair<int, int> best_worth{-1, 0};
        for (unsigned cpu = 0; cpu < SharedLines::kMaxCpus; ++cpu) {
            if (std::find(cpus.begin(), cpus.end(), cpu) != cpus.end()) continue;
            int nearest = static_cast<int>(kTierCount), sum = 0;
            for (const unsigned taken : cpus) {
                const int tier = static_cast<int>(tier_between(figures, taken, cpu));
                nearest = std::min(nearest, tier);
                sum += tier;
            }
            if (std::pair(nearest, sum) > best_worth) {
                best_worth = {nearest, sum};
                best = cpu;
            }
        }
        cpus.push_back(best);
    }
    return cpus;
}

}  // namespace

Result<std::vector<unsigned>> places_for(const PinRequest& pin, const ContentionFigures& figures,
                                         unsigned threads) {
    if (pin.how == Pinning::Scatter) return scattered(figures, threads);
    std::vector<unsigned> cpus = pin.cpus;
    if (pin.how == Pinning::Compact) {
        cpus.resize(threads);
        std::iota(cpus.begin(), cpus.end(), 0U);
    }
    if (cpus.size() < threads) {
        return user_error(fmt::format("{} threads, and CPUs for {}", threads, cpus.size()), "--pin",
                          "list a CPU for each");
    }
    cpus.resize(threads);
    return cpus;
}

}  // namespace uprobesim
