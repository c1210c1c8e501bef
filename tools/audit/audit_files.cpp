// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/audit/audit_files.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <span>

#include "sim/base/input_file.h"
#include "sim/base/try.h"
#include "tools/sysroot/path_in_root.h"

namespace uprobesim {
namespace {

namespace fs = std::filesystem;

// ELF header: magic, class and byte order; e_machine at 18.
enum class FileKind { NotElf, OtherMachine, Arm64 };
constexpr std::size_t kHeaderBytes = 20;

FileKind kind_of(const std::array<char, kHeaderBytes>& header, std::size_t got) {
    if (got < kHeaderBytes || std::memcmp(header.data(),
                                          "\x7f"
                                          "ELF",
                                          4) != 0)
        return FileKind::NotElf;
    return std::memcmp(header.data() + 4, "\x02\x01", 2) == 0 &&
                   std::memcmp(header.data() + 18, "\xb7\x00", 2) == 0
               ? FileKind::Arm64
               : FileKind::OtherMachine;
}

constexpr InputKind kBinary{"program", kMaxProgramBytes,
                            "give an arm64 program or library, or a folder of them"};

constexpr std::string_view kHostFile =
    "it is the host's file; for the guest's add --root \"$(uprobesim sysroot path)\", where list "
    "and "
    "estimate look by themselves";

// With the path as the user knows it.
template <class T>
Result<T> shown_as(Result<T> result, const std::string& shown) {
    if (!result) result.error().where = shown;
    return result;
}

Outcome audit_file(Auditor& auditor, const std::string& host, const std::string& shown,
                   std::string_view remedy) {
    const auto file = TRY(shown_as(InputFile::open(host, kBinary), shown));
    auto bytes = TRY(shown_as(file.bytes(), shown));
    std::array<char, kHeaderBytes> header{};
    const std::size_t got = std::min(bytes.size(), kHeaderBytes);
    std::memcpy(header.data(), bytes.data(), got);
    Outcome added = auditor.add(std::move(bytes), shown);
    if (!added && added.error().hint.empty() && kind_of(header, got) == FileKind::OtherMachine)
        added.error().hint = remedy;
    return added;
}

std::string without_slashes(std::string path) {
    while (path.ends_with('/')) path.pop_back();
    return path;
}

// Regular files below `host`, by their names below it.
void collect(const std::string& host, const std::string& below, std::vector<std::string>& files,
             std::vector<AuditSkips::Unreadable>& unreadable) {
    std::error_code error;
    fs::directory_iterator at(host + below + "/", error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
        std::error_code gone;
        const std::string name = below + "/" + at->path().filename().string();
        const fs::file_type type = at->symlink_status(gone).type();
        if (type == fs::file_type::directory) collect(host, name, files, unreadable);
        if (type == fs::file_type::regular) files.push_back(name);
    }
    if (error) unreadable.push_back({below, error.message()});
}

// Regular files below a folder of the host, by their names below it ("/bin/true"), sorted. A folder
// that cannot be read is noted.
std::vector<std::string> files_below(const std::string& host,
                                     std::vector<AuditSkips::Unreadable>& unreadable) {
    std::vector<std::string> files;
    collect(host, "", files, unreadable);
    std::sort(files.begin(), files.end());
    return files;
}

// The content of a file in such a folder if it is an arm64 ELF; what else it is, is counted.
Result<std::optional<std::vector<std::byte>>> arm64_program(const std::string& host,
                                                            AuditSkips& skips) {
    const auto file = TRY(InputFile::open(host, kBinary));
    std::array<char, kHeaderBytes> header{};
    const auto got = TRY(file.read_head(std::as_writable_bytes(std::span(header))));
    const FileKind kind = kind_of(header, got);
    if (kind == FileKind::NotElf) ++skips.not_elf;
    if (kind == FileKind::OtherMachine) ++skips.other_machine;
    if (kind != FileKind::Arm64) return std::nullopt;
    auto bytes = TRY(file.bytes());
    return bytes;
}

}  // namespace

Outcome each_program_below(const std::string& host, const std::string& shown, AuditSkips& skips,
                           const ProgramUser& use) {
    AuditSkips found;
    const std::vector<std::string> files = files_below(host, found.unreadable);
    for (auto& folder : found.unreadable) folder.path = shown + folder.path;
    std::uint64_t used = 0;
    for (const std::string& file : files) {
        auto bytes = arm64_program(host + file, found);
        if (bytes && !*bytes) continue;
        const Outcome done = bytes ? use(std::move(**bytes), shown + file)
                                   : Outcome(tl::make_unexpected(bytes.error()));
        if (done) ++used;
        if (!done) found.unreadable.push_back({shown + file, done.error().what});
    }
    if (used == 0) return user_error("there is no arm64 program in this folder", shown);
    skips.not_elf += found.not_elf;
    skips.other_machine += found.other_machine;
    skips.unreadable.insert(skips.unreadable.end(), found.unreadable.begin(),
                            found.unreadable.end());
    return {};
}

Outcome audit_path(Auditor& auditor, const std::string& root, const std::string& path,
                   AuditSkips& skips) {
    std::string host = path;
    if (!root.empty()) {
        auto inside = TRY(path_in_root(root, path));
        host = std::move(inside);
    }
    std::error_code error;
    const fs::file_status status = fs::status(host, error);
    if (fs::is_directory(status))
        return each_program_below(without_slashes(host), without_slashes(path), skips,
                                  [&](std::vector<std::byte> bytes, const std::string& shown) {
                                      return auditor.add(std::move(bytes), shown);
                                  });
    if (fs::exists(status) && !fs::is_regular_file(status))
        return user_error("neither a file nor a folder", path);
    return audit_file(auditor, host, path, root.empty() ? kHostFile : "");
}

}  // namespace uprobesim
