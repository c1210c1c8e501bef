// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace uprobesim {

// "ENOENT (No such file or directory)"
std::string errno_text(std::int64_t number);

}  // namespace uprobesim
