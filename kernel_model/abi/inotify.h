// SPDX-License-Identifier: GPL-2.0-or-later
// Masks of inotify, dnotify and fanotify (linux/inotify.h, linux/fcntl.h, linux/fanotify.h).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint32_t kInAccess = 0x1, kInModify = 0x2, kInAttrib = 0x4,
                               kInCloseWrite = 0x8, kInCloseNowrite = 0x10, kInOpen = 0x20,
                               kInMovedFrom = 0x40, kInMovedTo = 0x80, kInCreate = 0x100,
                               kInDelete = 0x200, kInDeleteSelf = 0x400, kInMoveSelf = 0x800,
                               kInAllEvents = 0xfff, kInUnmount = 0x2000, kInQOverflow = 0x4000,
                               kInIgnored = 0x8000, kInOnlydir = 0x01000000,
                               kInDontFollow = 0x02000000, kInExclUnlink = 0x04000000,
                               kInMaskCreate = 0x10000000, kInMaskAdd = 0x20000000,
                               kInIsdir = 0x40000000, kInOneshot = 0x80000000;
// What inotify_add_watch takes.
inline constexpr std::uint32_t kAllInotifyBits =
    kInAllEvents | kInUnmount | kInQOverflow | kInIgnored | kInOnlydir | kInDontFollow |
    kInExclUnlink | kInMaskCreate | kInMaskAdd | kInIsdir | kInOneshot;

// FS_RENAME, which inotify does not know: a name has moved within its directory.
inline constexpr std::uint32_t kFsRename = 0x10000000;

// fanotify: the first twelve are inotify's.
inline constexpr std::uint32_t kFanModify = 0x2, kFanOpenExec = 0x1000, kFanQOverflow = 0x4000,
                               kFanFsError = 0x8000, kFanOpenPerm = 0x10000,
                               kFanAccessPerm = 0x20000, kFanOpenExecPerm = 0x40000,
                               kFanEventOnChild = 0x08000000, kFanRename = 0x10000000,
                               kFanOndir = 0x40000000;
inline constexpr std::uint32_t kFanPathEvents =
    kInAccess | kInModify | kInCloseWrite | kInCloseNowrite | kInOpen | kFanOpenExec;
inline constexpr std::uint32_t kFanDirentEvents =
    kInMovedFrom | kInMovedTo | kInCreate | kInDelete | kFanRename;
inline constexpr std::uint32_t kFanAllPermEvents = kFanOpenPerm | kFanAccessPerm | kFanOpenExecPerm;
inline constexpr std::uint32_t kFanNotices =
    kFanPathEvents | kFanDirentEvents | kInAttrib | kInMoveSelf | kInDeleteSelf | kFanFsError;
inline constexpr std::uint32_t kFanAllEvents = kFanNotices | kFanAllPermEvents;
inline constexpr std::uint32_t kFanEventFlags = kFanEventOnChild | kFanOndir;
// What an event may show.
inline constexpr std::uint32_t kFanOutgoing = kFanAllEvents | kFanQOverflow | kFanOndir;

// fanotify_init
inline constexpr std::uint32_t kFanCloexec = 0x1, kFanNonblock = 0x2, kFanClassContent = 0x4,
                               kFanClassPreContent = 0x8, kFanUnlimitedQueue = 0x10,
                               kFanUnlimitedMarks = 0x20, kFanEnableAudit = 0x40,
                               kFanReportPidfd = 0x80, kFanReportTid = 0x100, kFanReportFid = 0x200,
                               kFanReportDirFid = 0x400, kFanReportName = 0x800,
                               kFanReportTargetFid = 0x1000;
inline constexpr std::uint32_t kFanClassBits = kFanClassContent | kFanClassPreContent;
inline constexpr std::uint32_t kFanFidBits =
    kFanReportFid | kFanReportDirFid | kFanReportName | kFanReportTargetFid;
// fanotify_mark
inline constexpr std::uint32_t kFanMarkAdd = 0x1, kFanMarkRemove = 0x2, kFanMarkDontFollow = 0x4,
                               kFanMarkOnlydir = 0x8, kFanMarkMount = 0x10,
                               kFanMarkIgnoredMask = 0x20, kFanMarkIgnoredSurvModify = 0x40,
                               kFanMarkFlush = 0x80, kFanMarkFilesystem = 0x100,
                               kFanMarkEvictable = 0x200, kFanMarkIgnore = 0x400;
// What a permission event is answered with.
inline constexpr std::uint32_t kFanAllow = 0x1, kFanDeny = 0x2, kFanAudit = 0x10, kFanInfo = 0x20;
// Kinds of what follows an event.
inline constexpr std::uint8_t kFanInfoFid = 1, kFanInfoDfidName = 2, kFanInfoDfid = 3,
                              kFanInfoPidfd = 4, kFanInfoOldDfidName = 10, kFanInfoNewDfidName = 12;
struct FanotifyMetadata {
    std::uint32_t length = 0;
    std::uint8_t version = 3, reserved = 0;
    std::uint16_t own_length = 24;
    std::uint64_t mask = 0;
    std::int32_t fd = -1, pid = 0;
};
static_assert(sizeof(FanotifyMetadata) == 24);

struct InotifyEvent {
    std::int32_t wd;
    std::uint32_t mask, cookie, len;
};

inline constexpr std::uint32_t kDnAccess = 0x1, kDnModify = 0x2, kDnCreate = 0x4, kDnDelete = 0x8,
                               kDnRename = 0x10, kDnAttrib = 0x20, kDnMultishot = 0x80000000;

}  // namespace uprobesim::abi
