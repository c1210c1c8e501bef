// SPDX-License-Identifier: GPL-2.0-or-later
// --set: the parts of "machine.ops.isb=0" and their errors, shared by the two profile readers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/figure.h"
#include "sim/profile/toml_reader.h"

namespace uprobesim {

// The key without "machine." or "kernel.", or nothing if the setting is for the other profile; a
// setting for neither is an error.
Result<std::optional<std::string_view>> setting_for(std::string_view profile,
                                                    const Setting& setting);

// Of a list: "sub-sp,mov". Nothing is the empty list.
std::vector<std::string> setting_words(std::string_view list);
Result<double> setting_number(const Setting& setting, Limits limits);
tl::unexpected<UserError> unknown_setting(const Setting& setting, std::string_view profile,
                                          const std::vector<std::string>& known);

// Hash of a profile as read, all its files and the settings that changed it: from that of the files
// alone.
std::string profile_hash(const std::string& of_files, std::string_view profile,
                         const std::vector<Setting>& settings);

}  // namespace uprobesim
