// SPDX-License-Identifier: GPL-2.0-or-later
// Where profile text comes from: compiled-in files by name, or the user's file by path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

inline constexpr std::string_view kBuiltinPrefix = "builtin:";

struct DataFile {
    std::string file_name;  // for messages: "builtin:kernels/v6.12.toml" or the user's path
    std::string text;
};

// `folder` is "machines", "kernels" or "cores"; `what` names the kind in messages. A name with a
// '/' or ending in .toml is a file, relative to `referrer` (the file that names it) if that is one
// of the user's.
Result<DataFile> find_data_file(std::string_view folder, std::string_view what,
                                std::string_view name_or_path, std::string_view referrer = {});
bool names_data_file(std::string_view name_or_path);  // not a built-in one
std::vector<std::string> builtin_names(std::string_view folder);

// FNV-1a, 64 bits, as hex digits (Fowler, Noll, Vo): provenance, not security.
std::string text_hash(std::string_view text);

}  // namespace uprobesim
