// SPDX-License-Identifier: GPL-2.0-or-later
// What --help prints.
#pragma once

#include <string>

#include "tools/request/command.h"

namespace uprobesim {

std::string tool_help();
std::string command_help(const Command& command);

}  // namespace uprobesim
