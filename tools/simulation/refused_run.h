// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "tools/simulation/simulation.h"

namespace uprobesim {

// The error of a run that there was not. `other_names`: what else the command takes in place of a
// program, to be meant by one that is not found.
UserError refusal(RunRefused refused, const std::vector<std::string>& other_names = {});

// Prints why there was no run; returns the exit status that goes with it.
int refuse_run(RunRefused refused, const std::vector<std::string>& other_names = {});

}  // namespace uprobesim
