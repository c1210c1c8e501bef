// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cost/access_plan.h"

#include <cmath>

namespace uprobesim {

AccessPlan::AccessPlan(const MachineProfile& machine, const KernelProfile& kernel) {
    const auto cycles = [&](double insns) {
        return CentiCycles(
            static_cast<std::uint64_t>(std::llround(insns * machine.kernel_cpi.value * 100)));
    };
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        for (const LineAccess& access : kernel.accesses[p].list)
            paths_[p].push_back({access.kind, access.line, cycles(access.at), cycles(access.held)});
    }
}

}  // namespace uprobesim
