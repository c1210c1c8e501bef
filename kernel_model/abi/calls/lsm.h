// SPDX-License-Identifier: GPL-2.0-or-later
// What the security modules tell of themselves and of their attributes (linux/lsm.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint64_t kLsmIdUndef = 0, kLsmIdCapability = 100, kLsmIdLandlock = 110;
inline constexpr std::uint32_t kLsmAttrUndef = 0;
inline constexpr std::uint32_t kLsmFlagSingle = 1;

struct LsmContext {  // struct lsm_ctx, without its bytes
    std::uint64_t id, flags, length, context_length;
};
static_assert(sizeof(LsmContext) == 32);

}  // namespace uprobesim::abi
