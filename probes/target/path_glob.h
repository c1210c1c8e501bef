// SPDX-License-Identifier: GPL-2.0-or-later
// Paths with *, ? and [...], as glob(3) expands them, in any tree whose folders can be listed.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace uprobesim {

// The names in a folder; of what is none, or cannot be read: nothing.
using FolderReader = std::function<std::vector<std::string>(const std::string& folder)>;

bool is_glob(std::string_view path);
// The absolute paths that match, in the order of their names; at most kMostGlobbed. What comes
// after the last component with a wildcard may be missing.
inline constexpr std::size_t kMostGlobbed = 10000;
std::vector<std::string> expand_glob(const std::string& path, const FolderReader& names_in);

}  // namespace uprobesim
