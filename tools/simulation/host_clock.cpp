// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/host_clock.h"

#include <chrono>  // lint: allow (limits and progress, not results)

namespace uprobesim {

std::int64_t host_clock_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

}  // namespace uprobesim
