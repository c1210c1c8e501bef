// SPDX-License-Identifier: GPL-2.0-or-later
// What `run` does with a run that was made.
#pragma once

#include "tools/cli/report_output.h"
#include "tools/request/guest_request.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {

// Writes the report, or why there is none. Returns the exit status.
int show_result(const GuestRequest& request, const tl::expected<RunReport, RunRefused>& result,
                ReportOutput& output);

}  // namespace uprobesim
