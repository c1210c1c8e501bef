// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "kernel_model/files/file_system.h"
#include "sim/base/error.h"

namespace uprobesim {

// "HOST:GUEST" and "HOST:GUEST:rw", split at the last colon before the mode.
Result<BindMount> parse_bind(const std::string& word);

}  // namespace uprobesim
