// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "kernel_model/memory/mm.h"

namespace uprobesim {

// /proc/PID/smaps: the lines of maps, each with how much of it is in memory. Pages of anonymous
// memory are dirty, those of files clean, unless they were copied; a page that was only read counts
// as in memory, which the kernel's zero page does not.
std::string smaps_text(Mm& mm);
// /proc/PID/smaps_rollup: the sums.
std::string smaps_rollup_text(Mm& mm);

}  // namespace uprobesim
