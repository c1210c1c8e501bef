// SPDX-License-Identifier: GPL-2.0-or-later
// Flags of a file that chattr sets (FileStatus::inode_flags), and what they forbid, to whoever it
// is.
#pragma once

#include "kernel_model/abi/ioctl.h"
#include "kernel_model/files/credentials.h"
#include "kernel_model/files/file.h"

namespace uprobesim {

// Those that a tmpfs keeps (SHMEM_FL_USER_MODIFIABLE), and that what is made in a directory gets
// from it (SHMEM_FL_INHERITED).
inline constexpr std::uint32_t kInodeFlagsKept =
    abi::kFsImmutable | abi::kFsAppend | abi::kFsNodump | abi::kFsNoatime;
inline constexpr std::uint32_t kInodeFlagsInherited = abi::kFsNodump | abi::kFsNoatime;

inline bool immutable(const FileStatus& s) {
    return (s.inode_flags & abi::kFsImmutable) != 0;
}
inline bool append_only(const FileStatus& s) {
    return (s.inode_flags & abi::kFsAppend) != 0;
}
inline bool fixed(const FileStatus& s) {
    return immutable(s) || append_only(s);
}

// inode_permission. Perm: what is immutable is not written; Acces: the mode forbids it.
SysResult<void> inode_permission(const Credentials& credentials, const FileStatus& status,
                                 std::uint32_t wanted);
// may_open: what is append-only is written at its end only.
SysResult<void> appends_only(const FileStatus& status, std::uint32_t open_flags);
// may_delete, of a name that is in a directory which the caller may write.
SysResult<void> may_take_name(const Credentials& credentials, const FileStatus& entry,
                              const FileStatus& directory);

}  // namespace uprobesim
