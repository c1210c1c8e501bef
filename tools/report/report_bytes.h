// SPDX-License-Identifier: GPL-2.0-or-later
// A comparison's column as bytes, for another process of the same program: nothing is rounded or
// left out, and no other version reads it.
#pragma once

#include <string>
#include <string_view>

#include "tools/report/report.h"

namespace uprobesim {

std::string bytes_of(const ComparedRun& run);
ComparedRun run_of_bytes(std::string_view bytes);

}  // namespace uprobesim
