// SPDX-License-Identifier: GPL-2.0-or-later
// A user error, printed as one line on stderr.
#pragma once

#include "sim/base/error.h"

namespace uprobesim {

// Prints "uprobesim: ..." and returns kExitUserMistake.
int refuse(const UserError& error);

}  // namespace uprobesim
