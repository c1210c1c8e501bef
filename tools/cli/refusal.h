// SPDX-License-Identifier: GPL-2.0-or-later
// What stops a command, printed as one line on stderr.
#pragma once

#include <string_view>

#include "sim/base/error.h"

namespace uprobesim {

// Prints "uprobesim: ..." and returns kExitUserMistake.
int refuse(const UserError& error);

// "uprobesim: TEXT" on stderr, if it can be written. Throws nothing: for the end of the process.
void print_failure(std::string_view text) noexcept;

}  // namespace uprobesim
