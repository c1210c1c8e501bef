// SPDX-License-Identifier: GPL-2.0-or-later
// A machine profile as a file that a person reads and goes on writing: every figure, in the order
// of machine_keys(), with what it means.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/machine_profile.h"

namespace uprobesim {

// Its name becomes a word of command lines and of reports: letters, digits and - + . _, and none of
// a built-in profile.
Outcome check_profile_name(std::string_view name);

// The built-in profile that `name_or_path` is, or is based on; empty: it stands alone.
Result<std::string> built_in_base(const std::string& name_or_path);

// Marks the figures that `settings` gave: nothing varies what a user gives, so they have the
// narrowest range that a profile can say. `stated`: which of the keys a file states, with the file
// and line; the others are --set's.
void mark_given(MachineProfile& machine, const std::vector<Setting>& settings,
                const std::map<std::string, std::string>& stated = {});

// [isa] and [contention] have what differs from `based_on`. `head`: comment lines without their "#
// ". `based_on`: empty for none.
std::string machine_text(const MachineProfile& machine, std::string_view based_on,
                         std::string_view head);

}  // namespace uprobesim
