// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/refused_run.h"

#include "sim/base/text.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/refusal.h"

namespace uprobesim {

UserError refusal(RunRefused refused, const std::vector<std::string>& other_names) {
    if (refused.exit_code == kExitNotFound) {
        const std::string near = did_you_mean(refused.error.where, other_names);
        if (!near.empty()) refused.error.hint = near;
    }
    return std::move(refused.error);
}

int refuse_run(RunRefused refused, const std::vector<std::string>& other_names) {
    const int exit_code = refused.exit_code;
    refuse(refusal(std::move(refused), other_names));
    return exit_code;
}

}  // namespace uprobesim
