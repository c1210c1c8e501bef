// SPDX-License-Identifier: GPL-2.0-or-later
// What Landlock is in a release of the kernel: its ABI's version, and the rights that it knows.
#pragma once

#include <cstdint>
#include <string_view>

namespace uprobesim {

struct LandlockAbi {
    unsigned major, minor;  // the first release that has it
    int version;
    std::uint32_t files, network, scopes;  // abi::kLandlockFs*, kLandlockNet*, kLandlockScope*
    std::uint32_t restrict_flags;          // of landlock_restrict_self
    std::uint64_t attr_bytes;              // of struct landlock_ruleset_attr
    int errata;  // bits of what was wrong and is right in this release; 0: it cannot be asked
};

// Of a release as uname tells it, such as "6.12.0-rc6". Without a number it is the newest. Null: a
// release without Landlock.
const LandlockAbi* landlock_abi(std::string_view release);

}  // namespace uprobesim
