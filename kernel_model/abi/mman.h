// SPDX-License-Identifier: GPL-2.0-or-later
// Mappings: mmap, mprotect, mremap, msync, madvise, mlock (asm-generic/mman.h), shared memory
// segments (linux/ipc.h, linux/shm.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint64_t kProtNone = 0x0, kProtRead = 0x1, kProtWrite = 0x2, kProtExec = 0x4,
                               kProtSem = 0x8, kProtBti = 0x10, kProtMte = 0x20,
                               kProtGrowsdown = 0x1000000, kProtGrowsup = 0x2000000;

inline constexpr std::uint64_t kMapShared = 0x1, kMapPrivate = 0x2, kMapSharedValidate = 0x3,
                               kMapDroppable = 0x8, kMapType = 0xf;

inline constexpr std::uint64_t kMapFixed = 0x10, kMapAnonymous = 0x20, kMapGrowsdown = 0x100,
                               kMapDenywrite = 0x800, kMapExecutable = 0x1000, kMapLocked = 0x2000,
                               kMapNoreserve = 0x4000, kMapPopulate = 0x8000,
                               kMapNonblock = 0x10000, kMapStack = 0x20000, kMapHugetlb = 0x40000,
                               kMapSync = 0x80000, kMapFixedNoreplace = 0x100000;

// The logarithm of a huge page's size in the flags (MAP_HUGE_SHIFT, SHM_HUGE_SHIFT), and those that
// arm64 with pages of 4 KiB has; 0 stands for the default.
inline constexpr std::uint32_t kMapHugeShift = 26, kMapHugeMask = 0x3f, kDefaultHugeLog = 21;
inline constexpr std::array<std::uint32_t, 4> kHugePageLogs = {16, 21, 25, 30};

inline constexpr std::uint64_t kMremapMaymove = 1, kMremapFixed = 2, kMremapDontunmap = 4;

inline constexpr std::uint32_t kMsAsync = 1, kMsInvalidate = 2, kMsSync = 4;

inline constexpr std::int32_t kMadvNormal = 0, kMadvRandom = 1, kMadvSequential = 2,
                              kMadvWillneed = 3, kMadvDontneed = 4, kMadvFree = 8, kMadvRemove = 9,
                              kMadvDontfork = 10, kMadvDofork = 11, kMadvMergeable = 12,
                              kMadvUnmergeable = 13, kMadvHugepage = 14, kMadvNohugepage = 15,
                              kMadvDontdump = 16, kMadvDodump = 17, kMadvWipeonfork = 18,
                              kMadvKeeponfork = 19, kMadvCold = 20, kMadvPageout = 21,
                              kMadvPopulateRead = 22, kMadvPopulateWrite = 23,
                              kMadvDontneedLocked = 24, kMadvCollapse = 25, kMadvHwpoison = 100,
                              kMadvSoftOffline = 101;

inline constexpr std::uint32_t kMlockOnfault = 1;

inline constexpr std::uint32_t kMclCurrent = 1, kMclFuture = 2, kMclOnfault = 4;

inline constexpr std::uint32_t kIpcCreat = 01000, kIpcExcl = 02000, kShmHugetlb = 04000,
                               kShmRdonly = 010000, kShmRnd = 020000, kShmRemap = 040000,
                               kShmExec = 0100000, kShmDest = 01000, kShmLocked = 02000;

// shmctl
inline constexpr std::int32_t kIpcRmid = 0, kIpcSet = 1, kIpcStat = 2, kIpcInfo = 3, kShmLock = 11,
                              kShmUnlock = 12, kShmStat = 13, kShmInfo = 14, kShmStatAny = 15;

}  // namespace uprobesim::abi
