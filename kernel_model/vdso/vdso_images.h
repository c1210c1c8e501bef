// SPDX-License-Identifier: GPL-2.0-or-later
// The vDSO, compiled for the guest and embedded.
#pragma once

#include <vector>

#include "sim/data/embedded_data.h"

namespace uprobesim {

// Empty if the build had no cross compiler.
std::vector<EmbeddedProgram> vdso_images();

}  // namespace uprobesim
