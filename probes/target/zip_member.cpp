// SPDX-License-Identifier: GPL-2.0-or-later
// Offsets are those of the zip format's records (APPNOTE 4.3). Archives of 4 GiB and more (zip64)
// are beyond the size of a program that is read.
#include "probes/target/zip_member.h"

#include <vector>

#include "sim/base/text.h"

namespace uprobesim {
namespace {

constexpr std::uint32_t kEnd = 0x06054b50, kEntry = 0x02014b50, kLocal = 0x04034b50;
constexpr std::uint64_t kEndBytes = 22, kEntryBytes = 46, kLocalBytes = 30, kMostComment = 65535;

// The record at the end of the archive, which a comment may follow.
std::optional<std::uint64_t> end_record(Bytes archive) {
    if (archive.size() < kEndBytes) return std::nullopt;
    const std::uint64_t last = archive.size() - kEndBytes;
    for (std::uint64_t back = 0; back <= std::min(last, kMostComment); ++back) {
        if (load<std::uint32_t>(archive, last - back) == kEnd) return last - back;
    }
    return std::nullopt;
}

}  // namespace

std::optional<ZipPath> zip_path(std::string_view path) {
    const std::size_t mark = path.find("!/");
    if (mark == path.npos || mark == 0 || mark + 2 == path.size()) return std::nullopt;
    return ZipPath{std::string(path.substr(0, mark)), std::string(path.substr(mark + 2))};
}

Result<ZipMember> find_zip_member(Bytes archive, std::string_view member, std::string_view path) {
    const std::string where(path);
    const auto end = end_record(archive);
    if (!end) return user_error("the file before '!/' is no zip file", where);
    const std::uint64_t count = *load<std::uint16_t>(archive, *end + 10);
    std::uint64_t at = *load<std::uint32_t>(archive, *end + 16);
    std::vector<std::string> names;
    for (std::uint64_t n = 0; n < count; ++n) {
        const auto method = load<std::uint16_t>(archive, at + 10);
        const auto size = load<std::uint32_t>(archive, at + 20);
        const auto name_size = load<std::uint16_t>(archive, at + 28),
                   extra = load<std::uint16_t>(archive, at + 30),
                   comment = load<std::uint16_t>(archive, at + 32);
        const auto local = load<std::uint32_t>(archive, at + 42);
        if (load<std::uint32_t>(archive, at) != kEntry || !local) break;
        const Bytes name_bytes = piece(archive, at + kEntryBytes, *name_size);
        const std::string_view name(reinterpret_cast<const char*>(name_bytes.data()),
                                    name_bytes.size());
        at += kEntryBytes + *name_size + *extra + *comment;
        constexpr std::size_t kMostNames = 1000;
        if (names.size() < kMostNames) names.emplace_back(name);
        if (name != member) continue;
        if (*method != 0)
            return user_error("the member is compressed: the system cannot map code out of it",
                              where, "only stored members can be probed");
        const auto local_name = load<std::uint16_t>(archive, *local + std::uint64_t{26}),
                   local_extra = load<std::uint16_t>(archive, *local + std::uint64_t{28});
        if (load<std::uint32_t>(archive, *local) != kLocal || !local_extra) break;
        const std::uint64_t begin = *local + kLocalBytes + *local_name + *local_extra;
        if (begin > archive.size() || archive.size() - begin < *size)
            return user_error("the member is beyond the end of the zip file", where);
        return ZipMember{begin, *size};
    }
    return user_error("the zip file has no such member", where,
                      near_names(std::string(member), names));
}

}  // namespace uprobesim
