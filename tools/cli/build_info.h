// SPDX-License-Identifier: GPL-2.0-or-later
// What the build knows of itself.
#pragma once

#include <string_view>

namespace uprobesim {

std::string_view tool_version();

}  // namespace uprobesim
