// SPDX-License-Identifier: GPL-2.0-or-later
// The table of commands. A command is one file, NAME_command.cpp, and one row here.
#pragma once

#include <span>
#include <string_view>

#include "tools/request/command.h"

namespace uprobesim {

Command run_command();
Command compare_command();
Command bench_command();
Command reproduce_command();
Command calibrate_command();
Command whatif_command();
Command audit_command();
Command estimate_command();
Command list_command();
Command explain_command();
Command scenario_command();
Command machine_command();
Command model_command();
Command sysroot_command();
Command sweep_command();
Command doctor_command();

// In the order of the tool's help.
std::span<const Command> commands();
const Command* find_command(std::string_view name);

// The whole command line without the tool's own name; returns the exit status.
int run_tool(const Words& words, const OptionDefaults& defaults);

}  // namespace uprobesim
