// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "tools/request/command.h"

namespace uprobesim {

// The first of a command's words, if it is one of `known`.
Result<std::string> sub_command(std::string_view command, const std::vector<SubCommand>& known,
                                const Words& words);

}  // namespace uprobesim
