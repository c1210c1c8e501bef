// SPDX-License-Identifier: GPL-2.0-or-later
// File constants of the AArch64 Linux ABI (asm-generic with arm64's own O_* order).
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

// open
inline constexpr std::uint32_t kOAccmode = 03, kORdonly = 0, kOWronly = 01, kORdwr = 02;

inline constexpr std::uint32_t kOCreat = 0100, kOExcl = 0200, kONoctty = 0400, kOTrunc = 01000,
                               kOAppend = 02000, kONonblock = 04000, kODsync = 010000,
                               kOAsync = 020000, kODirectory = 040000, kONofollow = 0100000,
                               kODirect = 0200000, kOLargefile = 0400000, kONoatime = 01000000,
                               kOCloexec = 02000000, kOSync = 04010000, kOPath = 010000000,
                               kOTmpfile = 020040000;
// __FMODE_EXEC: execve opens it; never among the flags of a descriptor.
inline constexpr std::uint32_t kFmodeExec = 040;

// openat2: struct open_how
inline constexpr std::uint64_t kResolveNoXdev = 0x1, kResolveNoMagiclinks = 0x2,
                               kResolveNoSymlinks = 0x4, kResolveBeneath = 0x8,
                               kResolveInRoot = 0x10, kResolveCached = 0x20;

// The *at calls.
inline constexpr std::int32_t kAtFdcwd = -100;

inline constexpr std::uint32_t kAtSymlinkNofollow = 0x100, kAtRemovedir = 0x200,
                               kAtSymlinkFollow = 0x400, kAtNoAutomount = 0x800,
                               kAtEmptyPath = 0x1000, kAtEaccess = 0x200,
                               kAtStatxForceSync = 0x2000, kAtStatxDontSync = 0x4000,
                               kAtStatxSyncType = 0x6000;

// access
inline constexpr std::uint32_t kXOk = 1, kWOk = 2, kROk = 4;

// renameat2
inline constexpr std::uint32_t kRenameNoreplace = 1, kRenameExchange = 2, kRenameWhiteout = 4;

// lseek
inline constexpr std::int32_t kSeekSet = 0, kSeekCur = 1, kSeekEnd = 2, kSeekData = 3,
                              kSeekHole = 4;

// fcntl
inline constexpr std::uint32_t kFDupfd = 0, kFGetfd = 1, kFSetfd = 2, kFGetfl = 3, kFSetfl = 4,
                               kFGetlk = 5, kFSetlk = 6, kFSetlkw = 7, kFSetown = 8, kFGetown = 9,
                               kFSetsig = 10, kFGetsig = 11, kFSetownEx = 15, kFGetownEx = 16,
                               kFOfdGetlk = 36, kFOfdSetlk = 37, kFOfdSetlkw = 38,
                               kFSetlease = 1024, kFGetlease = 1025, kFNotify = 1026,
                               kFDupfdQuery = 1027, kFCreatedQuery = 1028, kFDupfdCloexec = 1030,
                               kFSetpipeSz = 1031, kFGetpipeSz = 1032, kFAddSeals = 1033,
                               kFGetSeals = 1034, kFGetRwHint = 1035, kFSetRwHint = 1036;

// RWH_WRITE_LIFE_EXTREME
inline constexpr std::uint64_t kMostWriteHint = 5;

inline constexpr std::uint32_t kFdCloexec = 0x1;

inline constexpr std::uint32_t kFSealSeal = 0x1, kFSealShrink = 0x2, kFSealGrow = 0x4,
                               kFSealWrite = 0x8, kFSealFutureWrite = 0x10, kFSealExec = 0x20;

// Types of struct flock, and what F_GETLEASE answers.
inline constexpr std::int32_t kFRdlck = 0, kFWrlck = 1, kFUnlck = 2;

// flock
inline constexpr std::uint32_t kLockSh = 1, kLockEx = 2, kLockNb = 4, kLockUn = 8, kLockMand = 32;

// close_range
inline constexpr std::uint32_t kCloseRangeUnshare = 2, kCloseRangeCloexec = 4;

// fallocate
inline constexpr std::uint32_t kFallocFlKeepSize = 0x1, kFallocFlPunchHole = 0x2,
                               kFallocFlZeroRange = 0x10;

// splice, tee, vmsplice
inline constexpr std::uint32_t kSpliceFMove = 0x1, kSpliceFNonblock = 0x2, kSpliceFMore = 0x4,
                               kSpliceFGift = 0x8;

// preadv2, pwritev2
inline constexpr std::uint32_t kRwfHipri = 0x1, kRwfDsync = 0x2, kRwfSync = 0x4, kRwfNowait = 0x8,
                               kRwfAppend = 0x10, kRwfNoappend = 0x20;

// setxattr, and its limits
inline constexpr std::uint32_t kXattrCreate = 1, kXattrReplace = 2;
inline constexpr std::size_t kXattrNameMax = 255, kXattrSizeMax = 65536, kXattrListMax = 65536;

// sync_file_range
inline constexpr std::uint32_t kSyncFileRangeWaitBefore = 0x1, kSyncFileRangeWrite = 0x2,
                               kSyncFileRangeWaitAfter = 0x4;

// fadvise64
inline constexpr std::uint32_t kPosixFadvNormal = 0, kPosixFadvRandom = 1, kPosixFadvSequential = 2,
                               kPosixFadvWillneed = 3, kPosixFadvDontneed = 4,
                               kPosixFadvNoreuse = 5;

// utimensat: values of tv_nsec
inline constexpr std::int64_t kUtimeNow = 0x3fffffff, kUtimeOmit = 0x3ffffffe;

// memfd_create
inline constexpr std::uint32_t kMfdCloexec = 0x1, kMfdAllowSealing = 0x2, kMfdHugetlb = 0x4,
                               kMfdNoexecSeal = 0x8, kMfdExec = 0x10;

// MFD_NAME_MAX_LEN
inline constexpr std::size_t kMfdNameMax = 249;

// getrandom
inline constexpr std::uint32_t kGrndNonblock = 0x1, kGrndRandom = 0x2, kGrndInsecure = 0x4;

// Kinds of files in st_mode, and the bits above the permissions.
inline constexpr std::uint32_t kIfmt = 0170000, kIfSock = 0140000, kIfLnk = 0120000,
                               kIfReg = 0100000, kIfBlk = 0060000, kIfDir = 0040000,
                               kIfChr = 0020000, kIfIfo = 0010000;
inline constexpr std::uint32_t kIsuid = 04000, kIsgid = 02000, kIsvtx = 01000;
inline constexpr std::uint32_t kIxgrp = 010, kIrwxg = 070;
inline constexpr std::uint32_t kAllModeBits = 07777, kPermissionBits = 0777;
// S_IRUGO and so on: a permission for user, group and others.
inline constexpr std::uint32_t kIrugo = 0444, kIwugo = 0222, kIxugo = 0111;

inline constexpr std::uint8_t kDtUnknown = 0, kDtFifo = 1, kDtChr = 2, kDtDir = 4, kDtBlk = 6,
                              kDtReg = 8, kDtLnk = 10;
constexpr std::uint8_t dirent_type(std::uint32_t mode) {
    return static_cast<std::uint8_t>((mode & kIfmt) >> 12);
}

}  // namespace uprobesim::abi
