// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel work as numbers of exceptions and paths, of which a hit is one part and a second of a
// loaded server another, and what it costs: linear in the numbers, so that a sum of work costs the
// sum of its parts.
#pragma once

#include <array>

#include "probes/hit/steady_hit.h"
#include "sim/cost/prices.h"

namespace uprobesim {

struct HitWork {
    std::array<double, kExceptionClassCount> exceptions{};
    std::array<double, kKernelPathCount> times{};
    std::array<double, kKernelPathCount> units{};

    void add(const SteadyHit& hit, double hits);
    bool uses(KernelPath path) const { return times[static_cast<std::size_t>(path)] != 0; }
};

// Units are priced in lots of so many, because one may cost less than what cycles are rounded to.
inline constexpr std::uint64_t kUnitLot = 1'000'000;

double cycles_of(const HitWork& work, const PriceList& prices);
double ns_of(const HitWork& work, const PriceList& prices);
double el1_insns_of(const HitWork& work, const PriceList& prices);

}  // namespace uprobesim
