// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/estimate/hit_work.h"

namespace uprobesim {

void HitWork::add(const SteadyHit& hit, double hits) {
    for (std::size_t e = 0; e < kExceptionClassCount; ++e)
        exceptions[e] += hits * hit.exceptions[e];
    for (const PathUse& use : hit.paths) {
        times[static_cast<std::size_t>(use.path)] += hits;
        units[static_cast<std::size_t>(use.path)] += hits * static_cast<double>(use.units);
    }
}

double cycles_of(const HitWork& work, const PriceList& prices) {
    double cycles = 0;
    for (std::size_t e = 0; e < kExceptionClassCount; ++e) {
        if (work.exceptions[e] != 0)
            cycles +=
                work.exceptions[e] * in_cycles(prices.exception(static_cast<ExceptionClass>(e)));
    }
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const auto path = static_cast<KernelPath>(p);
        if (work.times[p] != 0) cycles += work.times[p] * in_cycles(prices.path(path));
        if (work.units[p] != 0)
            cycles += work.units[p] * in_cycles(prices.path_units(path, kUnitLot)) / kUnitLot;
    }
    return cycles;
}

double ns_of(const HitWork& work, const PriceList& prices) {
    return cycles_of(work, prices) * 1e9 / prices.frequency_hz();
}

double el1_insns_of(const HitWork& work, const PriceList& prices) {
    double insns = 0;
    for (std::size_t e = 0; e < kExceptionClassCount; ++e)
        insns += work.exceptions[e] * prices.exception_insns(static_cast<ExceptionClass>(e));
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const auto path = static_cast<KernelPath>(p);
        insns += work.times[p] * prices.path_insns(path, 1, 0) +
                 work.units[p] * prices.path_insns(path, 0, 1);
    }
    return insns;
}

}  // namespace uprobesim
