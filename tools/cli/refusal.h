// SPDX-License-Identifier: GPL-2.0-or-later
// A mistake of the user, told in one line on stderr.
#pragma once

#include "sim/base/error.h"

namespace uprobesim {

// Prints "uprobesim: ..." and returns kExitUserMistake.
int refuse(const UserError& error);

}  // namespace uprobesim
