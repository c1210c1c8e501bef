// SPDX-License-Identifier: GPL-2.0-or-later
// Whether a domain allows a call on files. A right is given by a rule of each layer that handles
// it, for the file or for any directory above it, through the places of mounts.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "kernel_model/abi/errno.h"
#include "kernel_model/landlock/domain.h"

namespace uprobesim {

// The files from one upwards.
struct LandlockPath {
    std::vector<FileKey> inside;     // of its mount, its own first
    std::vector<FileKey> mount_top;  // from the top of the mount to the top of the tree
};

// Those of the rights that the domain does not give there.
std::uint32_t rights_missing(const LandlockDomain& domain, const LandlockPath& path,
                             std::uint32_t rights);
// Acces: one of them is missing.
SysResult<void> check_rights(const LandlockDomain& domain, const LandlockPath& path,
                             std::uint32_t rights);

// What open needs (get_required_file_open_access). `flags`: O_*, and __FMODE_EXEC for a program.
std::uint32_t rights_to_open(std::uint32_t mode, std::uint32_t flags);
// hook_file_open. Acces, or what uses of the open file may need later and are refused: TRUNCATE,
// and of a device IOCTL_DEV.
SysResult<std::uint32_t> check_open(const LandlockDomain& domain, const LandlockPath& path,
                                    std::uint32_t mode, std::uint32_t flags);

// The right to make what has this mode (get_mode_access), and to remove it.
std::uint32_t right_to_make(std::uint32_t mode);
std::uint32_t right_to_remove(std::uint32_t mode);

// A name that gets another directory, by link or rename.
struct LandlockEntry {
    FileKey file;
    std::uint32_t mode = 0;
};
struct LandlockMove {
    LandlockPath from, to;  // the two directories
    LandlockEntry moved;
    std::optional<LandlockEntry> replaced{};  // what has the new name
    bool removes = false;                     // the old name goes
    bool exchanges = false;                   // what was replaced gets the old name
    bool same_directory = false;
};
// current_check_refer_path. Acces: a right is missing to make or to remove; Xdev: the right to move
// is (LANDLOCK_ACCESS_FS_REFER), or the file would have rights there that it has not here.
SysResult<void> check_move(const LandlockDomain& domain, const LandlockMove& move);

}  // namespace uprobesim
