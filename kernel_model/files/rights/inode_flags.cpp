// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/rights/inode_flags.h"

#include "kernel_model/abi/fcntl.h"

namespace uprobesim {

SysResult<void> inode_permission(const Credentials& credentials, const FileStatus& status,
                                 std::uint32_t wanted) {
    if ((wanted & abi::kWOk) != 0 && immutable(status)) return tl::make_unexpected(Errno::Perm);
    if (!credentials.permit(status, wanted)) return tl::make_unexpected(Errno::Acces);
    return {};
}

SysResult<void> appends_only(const FileStatus& status, std::uint32_t open_flags) {
    if (!append_only(status)) return {};
    const bool writes = (open_flags & abi::kOAccmode) != abi::kORdonly;
    if ((writes && (open_flags & abi::kOAppend) == 0) || (open_flags & abi::kOTrunc) != 0)
        return tl::make_unexpected(Errno::Perm);
    return {};
}

SysResult<void> may_take_name(const Credentials& credentials, const FileStatus& entry,
                              const FileStatus& directory) {
    if (append_only(directory) || fixed(entry)) return tl::make_unexpected(Errno::Perm);
    // In a sticky directory, only the owner may remove or rename an entry.
    if ((directory.mode & abi::kIsvtx) == 0 || credentials.owns(entry)) return {};
    if (directory.uid == credentials.uid.fs) return {};
    return tl::make_unexpected(Errno::Perm);
}

}  // namespace uprobesim
