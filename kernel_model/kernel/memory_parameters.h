// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel parameters of memory that mappings obey.
#pragma once

#include "kernel_model/memory/memory_rules.h"
#include "kernel_model/sysctl/sysctls.h"

namespace uprobesim {

// `rules` lives as long as the parameters.
void connect_parameters(Sysctls& sysctls, MemoryRules& rules);

}  // namespace uprobesim
