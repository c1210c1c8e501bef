// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel parameters of scheduling that are more than a number in a range.
#pragma once

#include "kernel_model/sysctl/sysctls.h"
#include "kernel_model/task/scheduler.h"

namespace uprobesim {

// Both live as long as the other.
void connect_parameters(Sysctls& sysctls, Scheduler& scheduler);

}  // namespace uprobesim
