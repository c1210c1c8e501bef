// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/fork/jobs.h"

#include <sched.h>

namespace uprobesim {

std::size_t usable_cpus() {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<std::size_t>(CPU_COUNT(&set))
                                                       : 1;
}

}  // namespace uprobesim
