// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/commands/refused_run.h"

#include "tools/cli/refusal.h"

namespace uprobesim {

int refuse_run(const RunRefused& refused) {
    refuse(refused.error);
    return refused.exit_code;
}

}  // namespace uprobesim
