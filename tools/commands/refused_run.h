// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tools/simulation/simulation.h"

namespace uprobesim {

// Prints why there was no run; returns the exit status that goes with it.
int refuse_run(const RunRefused& refused);

}  // namespace uprobesim
