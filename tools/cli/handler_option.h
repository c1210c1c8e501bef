// SPDX-License-Identifier: GPL-2.0-or-later
// What is done at a hit: --handler, --bpftrace and --bpf, of the commands that have probes.
#pragma once

#include "probes/handlers/handler.h"
#include "tools/cli/command_line.h"

namespace uprobesim {

void add_handler_option(OptionTable& table);
// --bpftrace and --bpf.
void add_program_options(OptionTable& table);
// --handler; null: it is not given.
Result<HandlerPtr> read_handler_option(const CommandLine& line);

}  // namespace uprobesim
