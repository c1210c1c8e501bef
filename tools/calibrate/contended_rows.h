// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "tools/calibrate/transfer_fit.h"
#include "tools/published/scaling.h"

namespace uprobesim {

// The published rows of several CPUs; those that were held out of the machine's fit are so here.
std::vector<ContendedSeries> contended_series(const ScalingData& data);

}  // namespace uprobesim
