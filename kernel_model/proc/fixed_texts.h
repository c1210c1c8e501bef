// SPDX-License-Identifier: GPL-2.0-or-later
// Files of /proc/sys and /sys that hold one fixed line: the kernel's defaults. A table of path and
// text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uprobesim {

// nullopt: no such file. `path`: absolute.
std::optional<std::string> fixed_text(std::string_view path);
// The names below a directory that lead to such files; empty: no such directory.
std::vector<std::string> fixed_names(std::string_view directory);

}  // namespace uprobesim
