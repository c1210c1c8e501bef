// SPDX-License-Identifier: GPL-2.0-or-later
// --handler, as run, compare, explain, bench and estimate read it.
#pragma once

#include "probes/handlers/handler.h"
#include "tools/cli/command_line.h"

namespace uprobesim {

// Null: it is not given.
Result<HandlerPtr> read_handler_option(const CommandLine& line);

}  // namespace uprobesim
