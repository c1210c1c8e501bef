// SPDX-License-Identifier: GPL-2.0-or-later
// The scenarios of workloads/, embedded.
#pragma once

#include <span>

#include "sim/data/embedded_data.h"

namespace uprobesim {

// Ordered by path.
std::span<const EmbeddedFile> embedded_scenarios();

}  // namespace uprobesim
