// SPDX-License-Identifier: GPL-2.0-or-later
// Where a stored member of a zip file begins, for "app.apk!/lib/libx.so" as libbpf takes it: the
// system maps such a library out of the archive, and the probe's inode is the archive's.
#pragma once

#include <string>
#include <string_view>

#include "probes/elf/bytes.h"
#include "sim/base/error.h"

namespace uprobesim {

struct ZipPath {
    std::string archive, member;
};
// "a.apk!/lib.so"; nullopt: the path names no member.
std::optional<ZipPath> zip_path(std::string_view path);

struct ZipMember {
    std::uint64_t offset = 0, size = 0;
};
// Errors: no zip file, no such member, a compressed one. `path` is for messages.
Result<ZipMember> find_zip_member(Bytes archive, std::string_view member, std::string_view path);

}  // namespace uprobesim
