// SPDX-License-Identifier: GPL-2.0-or-later
// What a mount namespace must leave as it was, as its user namespace is not that of the one which
// it was copied from (lock_mnt_tree): the place of a mount, which covers what is below, and its
// flags. Kept as further bits of Mount::flags.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

#include "kernel_model/abi/mount.h"
#include "kernel_model/files/mount.h"

namespace uprobesim {

// MNT_LOCKED, MNT_LOCK_ATIME; those of MNT_LOCK_READONLY and the like are the flag's own bit,
// moved.
inline constexpr std::uint64_t kPlaceLocked = std::uint64_t{1} << 40,
                               kTimesLocked = std::uint64_t{1} << 41;
inline constexpr unsigned kFlagLockShift = 44;
inline constexpr std::uint64_t kLockableFlags =
    abi::kMsRdonly | abi::kMsNosuid | abi::kMsNodev | abi::kMsNoexec;
inline constexpr std::uint64_t kMountLocks =
    kPlaceLocked | kTimesLocked | kLockableFlags << kFlagLockShift;

inline bool place_locked(const Mount& mount) {
    return (mount.flags & kPlaceLocked) != 0;
}

// The top has no place that could be given up.
inline void lock_mounts(Mount& top) {
    const std::function<void(Mount&, bool)> lock = [&](Mount& mount, bool below) {
        mount.flags |= (mount.flags & kLockableFlags) << kFlagLockShift | kTimesLocked;
        if (below) mount.flags |= kPlaceLocked;
        for (const auto& [where, child] : mount.children) lock(*child, true);
    };
    lock(top, false);
}

// can_change_locked_flags: `next` has the mount's own flags alone.
inline bool may_have_flags(const Mount& mount, std::uint64_t next) {
    constexpr std::uint64_t kTimes = abi::kMsNoatime | abi::kMsNodiratime | abi::kMsRelatime;
    const std::uint64_t kept = mount.flags >> kFlagLockShift & kLockableFlags;
    if ((kept & ~next) != 0) return false;
    return (mount.flags & kTimesLocked) == 0 || ((mount.flags ^ next) & kTimes) == 0;
}

// A copy of the part from `inner` on alone would show what is below those (has_locked_children).
inline bool covers_locked(const Mount& mount, const std::string& inner) {
    const auto inside = [&](const std::string& point) {
        return inner == "/" || (point.starts_with(inner) &&
                                (point.size() == inner.size() || point[inner.size()] == '/'));
    };
    return std::ranges::any_of(mount.children, [&](const auto& entry) {
        return place_locked(*entry.second) && inside(entry.first);
    });
}

}  // namespace uprobesim
