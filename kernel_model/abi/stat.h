// SPDX-License-Identifier: GPL-2.0-or-later
// Structures of the file calls as an AArch64 program sees them (asm-generic).
#pragma once

#include <cstdint>

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
    std::uint64_t stx_mnt_id;
    std::uint64_t spare2[13];
};
static_assert(sizeof(Statx) == 256);

struct Statfs {
    std::int64_t f_type, f_bsize;
    std::uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
    std::int32_t f_fsid[2];
    std::int64_t f_namelen, f_frsize, f_flags, f_spare[4];
};
static_assert(sizeof(Statfs) == 120);
inline constexpr std::int64_t kTmpfsMagic = 0x01021994, kProcMagic = 0x9fa0,
                              kSysfsMagic = 0x62656572, kDevptsMagic = 0x1cd1,
                              kMqueueMagic = 0x19800202, kPipefsMagic = 0x50495045,
                              kSockfsMagic = 0x534f434b, kAnonInodeMagic = 0x09041934,
                              kNsfsMagic = 0x6e736673, kExt4Magic = 0xef53;

inline constexpr std::uint32_t kStatxBasicStats = 0x7ff, kStatxAll = 0xfff;
inline constexpr std::uint32_t kStatxType = 1, kStatxMode = 2, kStatxNlink = 4, kStatxUid = 8,
                               kStatxGid = 0x10, kStatxAtime = 0x20, kStatxMtime = 0x40,
                               kStatxCtime = 0x80, kStatxIno = 0x100, kStatxSize = 0x200,
                               kStatxBlocks = 0x400, kStatxBtime = 0x800, kStatxMntId = 0x1000,
                               kStatxMntIdUnique = 0x4000, kStatxReserved = 0x80000000;

// stx_attributes; the first three are FS_IOC_GETFLAGS's numbers.
inline constexpr std::uint64_t kStatxAttrImmutable = 0x10, kStatxAttrAppend = 0x20,
                               kStatxAttrNodump = 0x40, kStatxAttrAutomount = 0x1000,
                               kStatxAttrMountRoot = 0x2000, kStatxAttrDax = 0x200000;

struct Iovec {
    std::uint64_t base, length;
};

// dev_t as statx splits it: 12 bits of major in 8..19, minor in 0..7 and 20..31.
constexpr std::uint32_t device_major(std::uint64_t d) {
    return static_cast<std::uint32_t>((d >> 8) & 0xfff);
}
constexpr std::uint32_t device_minor(std::uint64_t d) {
    return static_cast<std::uint32_t>((d & 0xff) | ((d >> 12) & 0xfff00));
}
constexpr std::uint64_t device_number(std::uint64_t major, std::uint64_t minor) {
    return major << 8 | (minor & 0xff) | (minor & ~std::uint64_t{0xff}) << 12;
}

}  // namespace uprobesim::abi
