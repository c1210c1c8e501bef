// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace uprobesim {

std::string tool_help();

}  // namespace uprobesim
