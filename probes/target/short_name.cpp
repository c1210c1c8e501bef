// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/short_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "sim/base/text.h"

namespace uprobesim {
namespace {

// Debian's PATH of root, and the linker's folders of /etc/ld.so.conf.d and its own.
constexpr std::array kPrograms = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                  "/usr/bin",        "/sbin",          "/bin"};
constexpr std::array kLibraries = {"/usr/local/lib/aarch64-linux-gnu",
                                   "/usr/local/lib",
                                   "/lib/aarch64-linux-gnu",
                                   "/usr/lib/aarch64-linux-gnu",
                                   "/lib64",
                                   "/usr/lib64",
                                   "/lib",
                                   "/usr/lib"};
constexpr std::string_view kShared = ".so";

// "libc.so.6" is meant by itself and by "libc".
bool is_library_of(std::string_view file, std::string_view name) {
    if (name.find(kShared) != name.npos) return file == name;
    if (!name.starts_with("lib") || !file.starts_with(name)) return false;
    const std::string_view rest = file.substr(name.size());
    return rest == kShared || (rest.starts_with(kShared) && rest[kShared.size()] == '.');
}

}  // namespace

bool is_short_name(std::string_view binary) {
    return !binary.empty() && binary.find('/') == binary.npos && !is_glob(binary);
}

std::optional<std::string> find_short_name(const std::string& name, const FolderReader& names_in) {
    for (const char* folder : kPrograms) {
        const std::vector<std::string> files = names_in(folder);
        if (std::find(files.begin(), files.end(), name) != files.end())
            return fmt::format("{}/{}", folder, name);
    }
    for (const char* folder : kLibraries) {
        std::string found;
        for (const std::string& file : names_in(folder)) {
            if (is_library_of(file, name)) found = std::max(found, file);
        }
        if (!found.empty()) return fmt::format("{}/{}", folder, found);
    }
    return std::nullopt;
}

std::string short_name_not_found(std::string_view name) {
    return fmt::format("'{}' is neither a program in the guest's folders of programs nor a library",
                       printable(name));
}

}  // namespace uprobesim
