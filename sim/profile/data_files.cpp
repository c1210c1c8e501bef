// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/profile/data_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include "sim/base/fnv.h"
#include "sim/base/input_file.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/data/embedded_data.h"

namespace uprobesim {

namespace {

namespace fs = std::filesystem;

Result<DataFile> read_user_file(std::string_view what, const fs::path& path) {
    auto text = TRY(read_text_file(path.string(), {what, kMaxTextBytes}));
    return DataFile{path.string(), std::move(text)};
}

}  // namespace

bool names_data_file(std::string_view name_or_path) {
    return name_or_path.find('/') != name_or_path.npos || name_or_path.ends_with(".toml");
}

Result<DataFile> find_data_file(std::string_view folder, std::string_view what,
                                std::string_view name_or_path, std::string_view referrer) {
    if (names_data_file(name_or_path)) {
        fs::path path(name_or_path);
        if (path.is_relative() && !referrer.empty()) path = fs::path(referrer).parent_path() / path;
        return read_user_file(what, path);
    }
    const std::string wanted = fmt::format("{}/{}.toml", folder, name_or_path);
    for (const EmbeddedFile& file : embedded_files()) {
        if (file.path == wanted)
            return DataFile{fmt::format("{}{}", kBuiltinPrefix, wanted), std::string(file.text)};
    }
    const std::vector<std::string> known = builtin_names(folder);
    const std::string near = did_you_mean(name_or_path, known);
    return user_error(fmt::format("no {} named '{}'", what, name_or_path), std::string(referrer),
                      near.empty() ? fmt::format("built in: {}; or give a path to a .toml file",
                                                 fmt::join(known, ", "))
                                   : near);
}

std::vector<std::string> builtin_names(std::string_view folder) {
    std::vector<std::string> names;
    const std::string prefix = fmt::format("{}/", folder);
    for (const EmbeddedFile& file : embedded_files()) {
        if (!file.path.starts_with(prefix)) continue;
        std::string_view name = file.path.substr(prefix.size());
        name.remove_suffix(std::string_view(".toml").size());
        names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::string text_hash(std::string_view text) {
    return fmt::format("{:016x}", fnv1a64(text));
}

}  // namespace uprobesim
