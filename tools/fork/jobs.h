// SPDX-License-Identifier: GPL-2.0-or-later
// How many processes go on at the same time.
#pragma once

#include <cstddef>

namespace uprobesim {

inline constexpr std::size_t kMaxJobs = 1024;

// CPUs of the host that this process may use.
std::size_t usable_cpus();

}  // namespace uprobesim
