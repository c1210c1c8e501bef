// SPDX-License-Identifier: GPL-2.0-or-later
// Which CPUs of the machine threads are on: --pin.
#pragma once

#include <vector>

#include "sim/cost/cpu_places.h"
#include "sim/cost/shared_lines.h"
#include "tools/cli/command_line.h"

namespace uprobesim {

inline constexpr unsigned kMostCpus = SharedLines::kMaxCpus;

// A list of whole numbers with commas.
Result<std::vector<unsigned>> read_numbers(const CommandLine& line, const char* option,
                                           unsigned least, unsigned most);
// --pin: compact (default), scatter, or a list of CPUs.
Result<PinRequest> read_pin(const CommandLine& line);

}  // namespace uprobesim
