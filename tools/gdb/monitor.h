// SPDX-License-Identifier: GPL-2.0-or-later
// The `monitor` commands: what gdb has no command of its own for.
#pragma once

#include <string>
#include <string_view>

#include "tools/gdb/debugger.h"

namespace uprobesim {

// What the command says, in lines.
std::string monitor_text(std::string_view command, Debugger& debugger, const Uprobes& uprobes);

}  // namespace uprobesim
