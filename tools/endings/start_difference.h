// SPDX-License-Identifier: GPL-2.0-or-later
// Whether two runs are the same until probes are attached. Kernels and machines are compared key by
// key: by when a run first depends on each (FirstUse), and by what the run has done so far. Names
// count for nothing.
#pragma once

#include <string>

#include "kernel_model/kernel/kernel.h"
#include "sim/cost/access_plan.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {

// Before the runs: why they cannot have the same start; empty: perhaps they can.
Result<std::string> start_difference(const SimulationRequest& a, const SimulationRequest& b);

// What a kernel on a machine makes of the same events.
struct OtherProfiles {
    const KernelProfile& kernel;
    const PriceList& prices;
    const AccessPlan& accesses;
};
// Of a run that has come so far: why it would not be the same with these profiles, which are not
// different at the start; empty: it would.
std::string difference_so_far(const Kernel& kernel, const OtherProfiles& other);

}  // namespace uprobesim
