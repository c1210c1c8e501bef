// SPDX-License-Identifier: GPL-2.0-or-later
// A file's status as the guest's stat and statx structures hold it, with the ids of the caller's
// user namespace.
#pragma once

#include "kernel_model/abi/stat.h"
#include "kernel_model/files/file.h"
#include "kernel_model/spaces/user_namespace.h"

namespace uprobesim {

inline abi::Stat to_stat(const FileStatus& s, const UserSpace& space) {
    abi::Stat out{};
    out.st_dev = s.device;
    out.st_ino = s.inode;
    out.st_mode = s.mode;
    out.st_nlink = s.links;
    out.st_uid = shown_user(space, s.uid);
    out.st_gid = shown_group(space, s.gid);
    out.st_rdev = s.rdevice;
    out.st_size = s.size;
    out.st_blksize = s.block_size;
    out.st_blocks = s.blocks;
    out.st_atime = s.atime_s;
    out.st_atime_nsec = s.atime_ns;
    out.st_mtime = s.mtime_s;
    out.st_mtime_nsec = s.mtime_ns;
    out.st_ctime = s.ctime_s;
    out.st_ctime_nsec = s.ctime_ns;
    return out;
}

// FS_IMMUTABLE_FL and the like have the same numbers in statx (shmem_getattr).
inline constexpr std::uint64_t kShownFlags =
    abi::kStatxAttrImmutable | abi::kStatxAttrAppend | abi::kStatxAttrNodump;

inline abi::Statx to_statx(const FileStatus& s, const UserSpace& space) {
    abi::Statx out{};
    out.stx_mask = abi::kStatxBasicStats;
    out.stx_attributes = s.inode_flags & kShownFlags;
    out.stx_attributes_mask = abi::kStatxAttrAutomount | abi::kStatxAttrDax | kShownFlags;
    if (s.btime_s != 0) {
        out.stx_mask |= abi::kStatxBtime;
        out.stx_btime = {s.btime_s, static_cast<std::uint32_t>(s.btime_ns), 0};
    }
    out.stx_blksize = static_cast<std::uint32_t>(s.block_size);
    out.stx_nlink = s.links;
    out.stx_uid = shown_user(space, s.uid);
    out.stx_gid = shown_group(space, s.gid);
    out.stx_mode = static_cast<std::uint16_t>(s.mode);
    out.stx_ino = s.inode;
    out.stx_size = static_cast<std::uint64_t>(s.size);
    out.stx_blocks = static_cast<std::uint64_t>(s.blocks);
    out.stx_atime = {s.atime_s, static_cast<std::uint32_t>(s.atime_ns), 0};
    out.stx_mtime = {s.mtime_s, static_cast<std::uint32_t>(s.mtime_ns), 0};
    out.stx_ctime = {s.ctime_s, static_cast<std::uint32_t>(s.ctime_ns), 0};
    out.stx_rdev_major = abi::device_major(s.rdevice);
    out.stx_rdev_minor = abi::device_minor(s.rdevice);
    out.stx_dev_major = abi::device_major(s.device);
    out.stx_dev_minor = abi::device_minor(s.device);
    return out;
}

}  // namespace uprobesim
