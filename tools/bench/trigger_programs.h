// SPDX-License-Identifier: GPL-2.0-or-later
// The guest programs of the kernel's uprobe benchmark, compiled for the guest and embedded.
#pragma once

#include <vector>

#include "sim/data/embedded_data.h"

namespace uprobesim {

// In the order of their build files; none if the build had no cross compiler.
std::vector<EmbeddedProgram> trigger_programs();

}  // namespace uprobesim
