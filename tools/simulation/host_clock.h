// SPDX-License-Identifier: GPL-2.0-or-later
// The host's time: for limits and for the terminal. It never reaches a result.
#pragma once

#include <cstdint>

namespace uprobesim {

std::int64_t host_clock_ns();

}  // namespace uprobesim
