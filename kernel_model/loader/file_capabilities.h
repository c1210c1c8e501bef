// SPDX-License-Identifier: GPL-2.0-or-later
// Capabilities of a program, its attribute security.capability (struct vfs_ns_cap_data): they count
// in the user namespaces of the user who is the superuser there, and below.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kernel_model/files/file.h"
#include "kernel_model/memory/backing.h"
#include "kernel_model/spaces/user_namespace.h"

namespace uprobesim {

struct Credentials;

struct FileCapabilities {
    std::uint64_t permitted = 0, inheritable = 0;
    bool effective = false;
};

// For execve by a caller of this user namespace; nothing: it gives none there.
std::optional<FileCapabilities> capabilities_of(const FileStatus& program, const UserSpace& space);
// What is kept of a value that setxattr gives (cap_convert_nscap).
SysResult<std::string> kept_capabilities(const Credentials& caller, const FileStatus& status,
                                         std::string_view value);
// What getxattr shows of it (cap_inode_getsecurity). Overflow: it is of a namespace beside.
SysResult<std::string> shown_capabilities(const UserSpace& space, std::string_view kept);

}  // namespace uprobesim
