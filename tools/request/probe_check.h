// SPDX-License-Identifier: GPL-2.0-or-later
// The probes of runs that are still to be made.
#pragma once

#include <string>
#include <vector>

#include "tools/simulation/simulation.h"

namespace uprobesim {

// What each kernel's run would refuse of the request's probes before its first program starts: a
// command that makes several runs says it before the first. Nothing is run.
Outcome check_probes(const SimulationRequest& request, const std::vector<std::string>& kernels);

}  // namespace uprobesim
