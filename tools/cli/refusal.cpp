// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/refusal.h"

#include <fmt/format.h>

#include "tools/cli/exit_code.h"

namespace uprobesim {

int refuse(const UserError& error) {
    fmt::print(stderr, "uprobesim: {}\n", error.line());
    return kExitUserMistake;
}

}  // namespace uprobesim
