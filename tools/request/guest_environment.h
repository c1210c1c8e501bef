// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "sim/base/error.h"
#include "tools/cli/option_table.h"

namespace uprobesim {

// HOME, LANG, PATH and TERM of a login shell, with `given` ("KEY=VALUE") added or in their place.
// Nothing of the host's environment reaches the guest.
Result<Words> guest_environment(const Words& given);

}  // namespace uprobesim
