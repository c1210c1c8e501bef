// SPDX-License-Identifier: GPL-2.0-or-later
#include <uprobesim/host.h>

#include "sim/cpu/unicorn/engine_check.h"
#include "sim/cpu/unicorn/engine_version.h"
#include "sim/cpu/unicorn/engine_way.h"
#include "tools/cli/build_info.h"
#include "tools/cli/open_file_limit.h"
#include "tools/library/request_words.h"

namespace uprobesim {

std::string version() {
    return std::string(tool_version());
}

Expected<Engine> engine() {
    return guarded([]() -> Expected<Engine> {
        std::string reason = why_plain_code();
        const bool edited = reason.empty();
        return Engine{engine_version(), edited, std::move(reason)};
    });
}

void raise_open_file_limit() {
    raise_soft_limit_of_files();
}

}  // namespace uprobesim
