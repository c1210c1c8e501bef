// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/base/error.h"
#include "tools/cli/command_line.h"
#include "tools/sweep/sweep.h"

namespace uprobesim {

// `options`: of sbatch. The tool's exit status.
Result<int> submit_sweep(const CommandLine& line, const Points& points, PointKeys& keys,
                         const Words& options);

}  // namespace uprobesim
