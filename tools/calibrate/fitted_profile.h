// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "sim/base/error.h"
#include "tools/calibrate/calibrate.h"

namespace uprobesim {

// A complete machine profile: the one that the fit began from, with what was held (--set) and what
// was fitted. Fitted figures of the kernel are in a comment: they are no machine's.
Result<std::string> fitted_profile(const Fit& fit, const std::string& name);

}  // namespace uprobesim
