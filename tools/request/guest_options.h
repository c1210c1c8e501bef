// SPDX-License-Identifier: GPL-2.0-or-later
// The options of the commands that run a program of the guest: run, compare and explain.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/cli/report_options.h"

namespace uprobesim {

enum class GuestCommand : std::uint8_t { Run, Compare, Explain };

OptionTable guest_options(GuestCommand command);
const std::vector<ReportFormat>& guest_formats(GuestCommand command);

}  // namespace uprobesim
