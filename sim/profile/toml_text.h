// SPDX-License-Identifier: GPL-2.0-or-later
// TOML text into tables. How deep it nests is checked first: the library reads and frees tables by
// recursion, and a few kilobytes of brackets or dots would take it beyond the host's stack.
#pragma once

#include <toml++/toml.h>

#include <string_view>

#include "sim/base/error.h"
#include "sim/profile/data_files.h"

namespace uprobesim {

// Levels of brackets, and parts of one dotted key: no file of ours has more than four.
inline constexpr unsigned kMaxTomlDepth = 32;

// Refuses what nests deeper, with file and line.
Outcome check_toml_nesting(std::string_view text, std::string_view file_name);
Result<toml::table> parse_toml(const DataFile& file);

}  // namespace uprobesim
