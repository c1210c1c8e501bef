// SPDX-License-Identifier: GPL-2.0-or-later
// inotify's and dnotify's masks (linux/inotify.h, linux/fcntl.h).
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

struct InotifyEvent {
    std::int32_t wd;
    std::uint32_t mask, cookie, len;
};

inline constexpr std::uint32_t kDnAccess = 0x1, kDnModify = 0x2, kDnCreate = 0x4, kDnDelete = 0x8,
                               kDnRename = 0x10, kDnAttrib = 0x20, kDnMultishot = 0x80000000;

}  // namespace uprobesim::abi
