// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/list/list_files.h"

#include <filesystem>

#include "sim/base/input_file.h"
#include "sim/base/try.h"
#include "tools/sysroot/path_in_root.h"

namespace uprobesim {
namespace {

namespace fs = std::filesystem;

constexpr InputKind kBinary{"program", kMaxProgramBytes,
                            "give an arm64 program or library, or a folder of them"};

}  // namespace

Result<std::string> ListFiles::host_path(const std::string& path) const {
    if (root_.empty() || !path.starts_with('/')) return path;
    auto inside = path_in_root(root_, path);
    std::error_code error;
    if (inside && fs::exists(*inside, error)) return inside;
    if (!only_ && fs::exists(path, error)) return path;
    return user_error("no such file or folder", path,
                      only_ ? "the path is looked up in " + root_
                            : "it is neither in " + root_ + " nor on the host");
}

Result<std::vector<std::byte>> ListFiles::read(const std::string& path) const {
    const std::string host = TRY(host_path(path));
    const auto read = [&]() -> Result<std::vector<std::byte>> {
        const auto file = TRY(InputFile::open(host, kBinary));
        return file.bytes();
    };
    auto bytes = read();
    if (!bytes) bytes.error().where = path;
    return bytes;
}

FileReader ListFiles::reader() const {
    return [this](const std::string& path) -> std::optional<std::vector<std::byte>> {
        auto bytes = read(path);
        if (!bytes) return std::nullopt;
        return std::move(*bytes);
    };
}

FolderReader ListFiles::folders() const {
    return [this](const std::string& folder) {
        std::vector<std::string> names;
        const auto host = host_path(folder);
        std::error_code error;
        for (fs::directory_iterator entry(host ? *host : "", error), end; !error && entry != end;
             entry.increment(error))
            names.push_back(entry->path().filename().string());
        return names;
    };
}

std::string ListFiles::absolute(const std::string& path) {
    std::error_code error;
    return fs::absolute(path, error).string();
}

}  // namespace uprobesim
