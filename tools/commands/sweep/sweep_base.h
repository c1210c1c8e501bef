// SPDX-License-Identifier: GPL-2.0-or-later
// The base command of a sweep's plan, checked as if it were typed.
#pragma once

#include <functional>
#include <string>

#include "sim/base/error.h"
#include "tools/request/command.h"
#include "tools/sweep/plan/plan.h"

namespace uprobesim {

struct SweepBase {
    // Where no axis says another.
    std::string kernel, machine;
    std::string root;  // of the guest
    // Of `run`: probes come to what runs.
    bool attaches_late = false;
    // What the command would refuse before anything runs, where that takes a look into files: a
    // function that is not there.
    std::function<Outcome()> check{};
};

// With the first value of each axis. What is wrong is told with the plan's name.
Result<SweepBase> read_sweep_base(const Plan& plan, const OptionDefaults& defaults);

}  // namespace uprobesim
