// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/build_info.h"

namespace uprobesim {

std::string_view tool_version() {
    return UPROBESIM_VERSION;
}

}  // namespace uprobesim
