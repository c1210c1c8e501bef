// SPDX-License-Identifier: GPL-2.0-or-later
// Policies of memory and its nodes (linux/mempolicy.h).
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint32_t kMpolDefault = 0, kMpolPreferred = 1, kMpolBind = 2,
                               kMpolInterleave = 3, kMpolLocal = 4, kMpolPreferredMany = 5,
                               kMpolWeightedInterleave = 6, kMpolLast = kMpolWeightedInterleave;
inline constexpr std::uint32_t kMpolStaticNodes = 1 << 15, kMpolRelativeNodes = 1 << 14,
                               kMpolNumaBalancing = 1 << 13,
                               kMpolFlags =
                                   kMpolStaticNodes | kMpolRelativeNodes | kMpolNumaBalancing;
// get_mempolicy
inline constexpr std::uint32_t kMpolOfNode = 1, kMpolOfAddress = 2, kMpolMemsAllowed = 4;
// mbind
inline constexpr std::uint32_t kMpolStrict = 1, kMpolMove = 2, kMpolMoveAll = 4;

}  // namespace uprobesim::abi
