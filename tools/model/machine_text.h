// SPDX-License-Identifier: GPL-2.0-or-later
// A machine profile as a file that a person reads and goes on writing: every figure, in the order
// of machine_keys(), with what it means.
#pragma once

#include <string>
#include <string_view>

#include "sim/base/error.h"
#include "sim/profile/machine_profile.h"

namespace uprobesim {

// Its name becomes a word of command lines and of reports: letters, digits and - + . _, and none of
// a built-in profile.
Outcome check_profile_name(std::string_view name);

// The built-in profile that `name_or_path` is, or is based on; empty: it stands alone.
Result<std::string> built_in_base(const std::string& name_or_path);

// `head`: comment lines without their "# ". `based_on`: empty for none.
std::string machine_text(const MachineProfile& machine, std::string_view based_on,
                         std::string_view head);

}  // namespace uprobesim
