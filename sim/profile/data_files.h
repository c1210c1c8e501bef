// SPDX-License-Identifier: GPL-2.0-or-later
// Where profile text comes from: compiled-in files by name, or the user's file by path.
#pragma once

#include <map>
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

// What `read()` gives, remembered by the thread if it is of a built-in file as it stands, without
// settings: that is the same each time, and a command needs one several times, to check it, to list
// it, and for each run.
template <class Profile, class Read>
Result<Profile> read_once(const DataFile& file, bool with_settings, const Read& read) {
    if (with_settings || !file.file_name.starts_with(kBuiltinPrefix)) return read();
    thread_local std::map<std::string, Profile> known;
    if (const auto found = known.find(file.file_name); found != known.end()) return found->second;
    Result<Profile> profile = read();
    if (profile) known.emplace(file.file_name, *profile);
    return profile;
}

// FNV-1a, 64 bits, as hex digits (Fowler, Noll, Vo): provenance, not security.
std::string text_hash(std::string_view text);

}  // namespace uprobesim
