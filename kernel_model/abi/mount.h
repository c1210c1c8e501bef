// SPDX-License-Identifier: GPL-2.0-or-later
// mount(2), umount2(2) and the calls that work on mounts as descriptors (linux/mount.h).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint64_t kMsRdonly = 1, kMsNosuid = 2, kMsNodev = 4, kMsNoexec = 8,
                               kMsSynchronous = 0x10, kMsRemount = 0x20, kMsMandlock = 0x40,
                               kMsDirsync = 0x80, kMsNosymfollow = 0x100, kMsNoatime = 0x400,
                               kMsNodiratime = 0x800, kMsBind = 0x1000, kMsMove = 0x2000,
                               kMsRec = 0x4000, kMsSilent = 0x8000, kMsUnbindable = 1 << 17,
                               kMsPrivate = 1 << 18, kMsSlave = 1 << 19, kMsShared = 1 << 20,
                               kMsRelatime = 1 << 21, kMsStrictatime = 1 << 24;
inline constexpr std::uint64_t kMsMagic = 0xc0ed0000, kMsMagicMask = 0xffff0000;
// Those that are a mount's own, not its file system's.
inline constexpr std::uint64_t kMsOfMount = kMsRdonly | kMsNosuid | kMsNodev | kMsNoexec |
                                            kMsNosymfollow | kMsNoatime | kMsNodiratime |
                                            kMsRelatime;

inline constexpr std::uint32_t kMntForce = 1, kMntDetach = 2, kMntExpire = 4, kUmountNofollow = 8;

inline constexpr std::uint32_t kFsopenCloexec = 1, kFsmountCloexec = 1;
inline constexpr std::uint32_t kFspickCloexec = 1, kFspickSymlinkNofollow = 2,
                               kFspickNoAutomount = 4, kFspickEmptyPath = 8;
inline constexpr std::uint32_t kFsconfigSetFlag = 0, kFsconfigSetString = 1, kFsconfigSetBinary = 2,
                               kFsconfigSetPath = 3, kFsconfigSetPathEmpty = 4, kFsconfigSetFd = 5,
                               kFsconfigCreate = 6, kFsconfigReconfigure = 7,
                               kFsconfigCreateExcl = 8;
inline constexpr std::uint32_t kOpenTreeClone = 1, kAtRecursive = 0x8000;
inline constexpr std::uint32_t kMoveMountFSymlinks = 1, kMoveMountFAutomounts = 2,
                               kMoveMountFEmptyPath = 4, kMoveMountTSymlinks = 0x10,
                               kMoveMountTAutomounts = 0x20, kMoveMountTEmptyPath = 0x40,
                               kMoveMountSetGroup = 0x100, kMoveMountBeneath = 0x200;
inline constexpr std::uint64_t kMountAttrRdonly = 1, kMountAttrNosuid = 2, kMountAttrNodev = 4,
                               kMountAttrNoexec = 8, kMountAttrAtime = 0x70,
                               kMountAttrNoatime = 0x10, kMountAttrStrictatime = 0x20,
                               kMountAttrNodiratime = 0x80, kMountAttrIdmap = 0x100000,
                               kMountAttrNosymfollow = 0x200000;

// Ids that are given once only are above those that fit 32 bits (MNT_UNIQUE_ID_OFFSET).
inline constexpr std::uint64_t kUniqueMountIds = std::uint64_t{1} << 31;

// statmount and listmount.
inline constexpr std::uint64_t kStatmountSbBasic = 1, kStatmountMntBasic = 2,
                               kStatmountPropagateFrom = 4, kStatmountMntRoot = 8,
                               kStatmountMntPoint = 0x10, kStatmountFsType = 0x20,
                               kStatmountMntNsId = 0x40, kStatmountMntOpts = 0x80;
inline constexpr std::uint64_t kLsmtRoot = ~std::uint64_t{0};
inline constexpr std::uint32_t kListmountReverse = 1;
struct MountRequest {  // struct mnt_id_req
    std::uint32_t size, spare;
    std::uint64_t mnt_id, param, mnt_ns_id;
};
static_assert(sizeof(MountRequest) == 32);
inline constexpr std::uint32_t kMountRequestFirstSize = 24;
struct Statmount {
    std::uint32_t size, mnt_opts;
    std::uint64_t mask;
    std::uint32_t sb_dev_major, sb_dev_minor;
    std::uint64_t sb_magic;
    std::uint32_t sb_flags, fs_type;
    std::uint64_t mnt_id, mnt_parent_id;
    std::uint32_t mnt_id_old, mnt_parent_id_old;
    std::uint64_t mnt_attr, mnt_propagation, mnt_peer_group, mnt_master, propagate_from;
    std::uint32_t mnt_root, mnt_point;
    std::uint64_t mnt_ns_id, spare[49];
};
static_assert(sizeof(Statmount) == 512);

// f_flags of statfs: those of the mount, and ST_VALID.
inline constexpr std::int64_t kStValid = 0x20, kStRelatime = 0x1000, kStNosymfollow = 0x2000;

// Quotas (linux/quota.h, linux/dqblk_xfs.h): a command, and in its low byte one of three types.
inline constexpr std::uint32_t kQuotaTypeBits = 8, kQuotaTypes = 3;
inline constexpr std::uint32_t kQSync = 0x800001, kQGetfmt = 0x800004, kQGetinfo = 0x800005;
inline constexpr std::uint32_t kQXgetquota = 0x5803, kQXgetqstat = 0x5805, kQXquotasync = 0x5807,
                               kQXgetqstatv = 0x5808, kQXgetnextquota = 0x5809;

}  // namespace uprobesim::abi
