// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/caller.h"

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/file.h"

namespace uprobesim {

bool Credentials::in_group(std::uint32_t group) const {
    return group == gid || std::find(groups.begin(), groups.end(), group) != groups.end();
}

bool Credentials::permit(const FileStatus& status, std::uint32_t wanted) const {
    if (uid == 0) {
        // The superuser has all permissions, except execution of a file that no class may execute.
        return (wanted & abi::kXOk) == 0 || (status.mode & abi::kIfmt) == abi::kIfDir ||
               (status.mode & abi::kIxugo) != 0;
    }
    const unsigned shift = status.uid == uid ? 6 : in_group(status.gid) ? 3 : 0;
    return (wanted & 7 & ~(status.mode >> shift)) == 0;
}

std::uint32_t Credentials::set_ids_lost(const FileStatus& status) const {
    if (uid == 0) return 0;  // CAP_FSETID
    // Without the right to execute it is no set-group-ID bit; a member of the group keeps it.
    const bool group = (status.mode & abi::kIxgrp) != 0 || !in_group(status.gid);
    return status.mode & (abi::kIsuid | (group ? abi::kIsgid : 0));
}

}  // namespace uprobesim
