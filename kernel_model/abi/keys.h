// SPDX-License-Identifier: GPL-2.0-or-later
// Keys and keyrings (linux/keyctl.h, linux/key.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::int32_t kThreadKeyring = -1, kProcessKeyring = -2, kSessionKeyring = -3,
                              kUserKeyring = -4, kUserSessionKeyring = -5, kGroupKeyring = -6,
                              kReqkeyAuthKey = -7, kRequestorKeyring = -8;

inline constexpr std::int32_t kKeyctlGetKeyringId = 0, kKeyctlJoinSession = 1, kKeyctlUpdate = 2,
                              kKeyctlRevoke = 3, kKeyctlChown = 4, kKeyctlSetperm = 5,
                              kKeyctlDescribe = 6, kKeyctlClear = 7, kKeyctlLink = 8,
                              kKeyctlUnlink = 9, kKeyctlSearch = 10, kKeyctlRead = 11,
                              kKeyctlInstantiate = 12, kKeyctlNegate = 13,
                              kKeyctlSetReqkeyKeyring = 14, kKeyctlSetTimeout = 15,
                              kKeyctlAssumeAuthority = 16, kKeyctlGetSecurity = 17,
                              kKeyctlSessionToParent = 18, kKeyctlReject = 19,
                              kKeyctlInstantiateIov = 20, kKeyctlInvalidate = 21,
                              kKeyctlRestrict = 29, kKeyctlMove = 30, kKeyctlCapabilities = 31;
inline constexpr std::uint32_t kKeyctlMoveExcl = 1;

// One class's rights; the possessor's are at bit 24, the owner's at 16, the group's at 8.
inline constexpr std::uint32_t kKeyView = 1, kKeyRead = 2, kKeyWrite = 4, kKeySearch = 8,
                               kKeyLink = 16, kKeySetattr = 32, kKeyAll = 63;
inline constexpr std::uint32_t kKeyPossessorShift = 24, kKeyUserShift = 16, kKeyGroupShift = 8;
inline constexpr std::uint32_t kKeyPermissions = 0x3f3f3f3f;

inline constexpr std::size_t kKeyMaxType = 32, kKeyMaxDescription = 4096;
inline constexpr std::uint64_t kKeyMaxPayload = 1024 * 1024 - 1, kUserKeyMaxPayload = 32767;

}  // namespace uprobesim::abi
