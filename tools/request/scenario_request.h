// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "tools/request/guest_request.h"

namespace uprobesim {

// Puts the scenario that the command line names into the request, which has the options already:
// they override what the scenario says.
Outcome apply_scenario(const CommandLine& line, GuestRequest& guest);

}  // namespace uprobesim
