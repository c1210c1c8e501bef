// SPDX-License-Identifier: GPL-2.0-or-later
// Landlock (linux/landlock.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

// LANDLOCK_ACCESS_FS_*
inline constexpr std::uint32_t kLandlockFsExecute = 1u << 0, kLandlockFsWriteFile = 1u << 1,
                               kLandlockFsReadFile = 1u << 2, kLandlockFsReadDir = 1u << 3,
                               kLandlockFsRemoveDir = 1u << 4, kLandlockFsRemoveFile = 1u << 5,
                               kLandlockFsMakeChar = 1u << 6, kLandlockFsMakeDir = 1u << 7,
                               kLandlockFsMakeReg = 1u << 8, kLandlockFsMakeSock = 1u << 9,
                               kLandlockFsMakeFifo = 1u << 10, kLandlockFsMakeBlock = 1u << 11,
                               kLandlockFsMakeSym = 1u << 12, kLandlockFsRefer = 1u << 13,
                               kLandlockFsTruncate = 1u << 14, kLandlockFsIoctlDev = 1u << 15;
inline constexpr std::size_t kLandlockFsRights = 16;
// Those of a file that is no directory.
inline constexpr std::uint32_t kLandlockFsOfFile = kLandlockFsExecute | kLandlockFsWriteFile |
                                                   kLandlockFsReadFile | kLandlockFsTruncate |
                                                   kLandlockFsIoctlDev;
// LANDLOCK_ACCESS_NET_*
inline constexpr std::uint32_t kLandlockNetBindTcp = 1u << 0, kLandlockNetConnectTcp = 1u << 1;
// LANDLOCK_SCOPE_*
inline constexpr std::uint32_t kLandlockScopeAbstractUnixSocket = 1u << 0,
                               kLandlockScopeSignal = 1u << 1;

// LANDLOCK_CREATE_RULESET_*
inline constexpr std::uint32_t kLandlockCreateRulesetVersion = 1u << 0,
                               kLandlockCreateRulesetErrata = 1u << 1;
// LANDLOCK_RULE_*
inline constexpr std::uint32_t kLandlockRulePathBeneath = 1, kLandlockRuleNetPort = 2;
// LANDLOCK_RESTRICT_SELF_LOG_*
inline constexpr std::uint32_t kLandlockLogSameExecOff = 1u << 0, kLandlockLogNewExecOn = 1u << 1,
                               kLandlockLogSubdomainsOff = 1u << 2;

inline constexpr std::size_t kLandlockMaxLayers = 16;  // LANDLOCK_MAX_NUM_LAYERS

struct LandlockRulesetAttr {
    std::uint64_t handled_access_fs, handled_access_net, scoped;
};
static_assert(sizeof(LandlockRulesetAttr) == 24);

struct [[gnu::packed]] LandlockPathBeneathAttr {
    std::uint64_t allowed_access;
    std::int32_t parent_fd;
};
static_assert(sizeof(LandlockPathBeneathAttr) == 12);

struct LandlockNetPortAttr {
    std::uint64_t allowed_access, port;
};
static_assert(sizeof(LandlockNetPortAttr) == 16);

}  // namespace uprobesim::abi
