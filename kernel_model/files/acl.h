// SPDX-License-Identifier: GPL-2.0-or-later
// Access control lists (fs/posix_acl.c), which are kept as extended attributes: entries in the
// order of their tags, the owner's first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_model/memory/backing.h"

namespace uprobesim {

struct Credentials;
struct FileStatus;

inline constexpr std::string_view kAccessAcl = "system.posix_acl_access",
                                  kDefaultAcl = "system.posix_acl_default";

enum class AclTag : std::uint16_t {
    Owner = 1,
    User = 2,
    OwningGroup = 4,
    Group = 8,
    Mask = 16,
    Other = 32,
};

struct AclEntry {
    AclTag tag{};
    std::uint16_t rights = 0;  // abi::kROk, kWOk, kXOk
    std::uint32_t id = 0;      // of User and Group
};
using Acl = std::vector<AclEntry>;

// Of the attribute's bytes; nothing: an empty list. NotSup: another version; Inval.
SysResult<std::optional<Acl>> parse_acl(std::string_view bytes);
std::string bytes_of(const Acl& acl);
// posix_acl_valid: order, and a mask where there are named entries.
bool well_formed(const Acl& acl);
// The permission bits that show it, and whether they say all that it does (posix_acl_equiv_mode).
struct AclMode {
    std::uint32_t bits = 0;
    bool whole = true;
};
AclMode mode_of(const Acl& acl);
// chmod of a file that has this list.
void put_mode(Acl& acl, std::uint32_t mode);
// Makes a directory's default list that of a new file which is made with this mode, and the mode
// what the list permits. False: the mode says all.
bool limit_new(Acl& acl, std::uint32_t& mode);

// The file's list of this name; nothing: it has none.
std::optional<Acl> acl_of(const FileStatus& status, std::string_view name);
// What the list says of a caller who is not the owner; nothing: there is none.
std::optional<bool> acl_permits(const FileStatus& status, const Credentials& caller,
                                std::uint32_t wanted);

}  // namespace uprobesim
