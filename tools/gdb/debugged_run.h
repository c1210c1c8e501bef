// SPDX-License-Identifier: GPL-2.0-or-later
// A simulation under gdb: made again from its start as often as gdb wants to go back.
#pragma once

#include "tools/gdb/server.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {

// `observers` of the run that is the last.
tl::expected<RunReport, RunRefused> simulate_under_gdb(GdbServer& gdb, SimulationRequest request,
                                                       Observers observers);

}  // namespace uprobesim
