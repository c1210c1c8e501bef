// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cost/prices.h"

#include <algorithm>
#include <cmath>

namespace uprobesim {

namespace {
// The profile readers refuse negative and infinite figures. The cap (10^16 cycles, 48 days at 2.4 GHz) only keeps
// absurd --set values times absurd unit counts inside the integer.
CentiCycles from_cycles(double cycles) {
    return CentiCycles(static_cast<std::uint64_t>(std::llround(std::min(cycles, 1e16) * 100)));
}
}  // namespace

PriceList::PriceList(const MachineProfile& machine, const KernelProfile& kernel)
    : exception_(from_cycles(machine.exception_entry.value + machine.exception_return.value +
                             machine.kpti_switch.value + machine.bhb_loop.value)),
      frequency_hz_(machine.frequency_hz.value) {
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const PathCost& cost = kernel.paths[p];
        double cycles = cost.insns * machine.kernel_cpi.value;
        for (std::size_t op = 0; op < kKernelOpCount; ++op) cycles += cost.ops[op] * machine.ops[op].value;
        fixed_[p] = from_cycles(cycles);
        per_unit_[p] = cost.insns_per_unit * machine.kernel_cpi.value;
        insns_[p] = cost.insns;
        insns_per_unit_[p] = cost.insns_per_unit;
    }
}

CentiCycles PriceList::path_units(KernelPath p, std::uint64_t units) const {
    return from_cycles(per_unit_[static_cast<std::size_t>(p)] * static_cast<double>(units));
}

double PriceList::path_insns(KernelPath p, std::uint64_t times, std::uint64_t units) const {
    const auto i = static_cast<std::size_t>(p);
    return insns_[i] * static_cast<double>(times) + insns_per_unit_[i] * static_cast<double>(units);
}

}  // namespace uprobesim
