// SPDX-License-Identifier: GPL-2.0-or-later
// --attach-at, --detach-at and --roi of a run, checked against what is run.
#pragma once

#include "tools/cli/command_line.h"
#include "tools/cli/first_mistake.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {

// After the scenario and the probes were read.
void read_attach_plan(const CommandLine& line, FirstMistake& mistakes, SimulationRequest& request);

}  // namespace uprobesim
