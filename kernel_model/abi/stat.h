// SPDX-License-Identifier: GPL-2.0-or-later
// Structures of the file calls as an AArch64 program sees them (asm-generic).
#pragma once

#include <array>
#include <cstdint>

#include "kernel_model/files/file.h"

namespace uprobesim::abi {

struct Stat {
    std::uint64_t st_dev, st_ino;
    std::uint32_t st_mode, st_nlink, st_uid, st_gid;
    std::uint64_t st_rdev, pad1;
    std::int64_t st_size;
    std::int32_t st_blksize, pad2;
    std::int64_t st_blocks, st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime,
        st_ctime_nsec;
    std::uint32_t unused[2];
};
static_assert(sizeof(Stat) == 128);

struct StatxTimestamp {
    std::int64_t tv_sec;
    std::uint32_t tv_nsec;
    std::int32_t reserved;
};
struct Statx {
    std::uint32_t stx_mask, stx_blksize;
    std::uint64_t stx_attributes;
    std::uint32_t stx_nlink, stx_uid, stx_gid;
    std::uint16_t stx_mode, spare0;
    std::uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
    StatxTimestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
    std::uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
    std::uint64_t spare2[14];
};
static_assert(sizeof(Statx) == 256);

struct Statfs {
    std::int64_t f_type, f_bsize;
    std::uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
    std::int32_t f_fsid[2];
    std::int64_t f_namelen, f_frsize, f_flags, f_spare[4];
};
static_assert(sizeof(Statfs) == 120);

struct Iovec {
    std::uint64_t base, length;
};

inline Stat to_stat(const FileStatus& s) {
    Stat out{};
    out.st_dev = s.device;
    out.st_ino = s.inode;
    out.st_mode = s.mode;
    out.st_nlink = s.links;
    out.st_uid = s.uid;
    out.st_gid = s.gid;
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

// dev_t as statx splits it: 12 bits of major in 8..19, minor in 0..7 and 20..31.
constexpr std::uint32_t device_major(std::uint64_t d) {
    return static_cast<std::uint32_t>((d >> 8) & 0xfff);
}
constexpr std::uint32_t device_minor(std::uint64_t d) {
    return static_cast<std::uint32_t>((d & 0xff) | ((d >> 12) & 0xfff00));
}

inline Statx to_statx(const FileStatus& s) {
    Statx out{};
    out.stx_mask = 0x7ff;  // STATX_BASIC_STATS; no birth time
    out.stx_blksize = static_cast<std::uint32_t>(s.block_size);
    out.stx_nlink = s.links;
    out.stx_uid = s.uid;
    out.stx_gid = s.gid;
    out.stx_mode = static_cast<std::uint16_t>(s.mode);
    out.stx_ino = s.inode;
    out.stx_size = static_cast<std::uint64_t>(s.size);
    out.stx_blocks = static_cast<std::uint64_t>(s.blocks);
    out.stx_atime = {s.atime_s, static_cast<std::uint32_t>(s.atime_ns), 0};
    out.stx_mtime = {s.mtime_s, static_cast<std::uint32_t>(s.mtime_ns), 0};
    out.stx_ctime = {s.ctime_s, static_cast<std::uint32_t>(s.ctime_ns), 0};
    out.stx_rdev_major = device_major(s.rdevice);
    out.stx_rdev_minor = device_minor(s.rdevice);
    out.stx_dev_major = device_major(s.device);
    out.stx_dev_minor = device_minor(s.device);
    return out;
}

}  // namespace uprobesim::abi
