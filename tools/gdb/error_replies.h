// SPDX-License-Identifier: GPL-2.0-or-later
// Replies of one error each. gdb shows the number only.
#pragma once

namespace uprobesim {

inline constexpr const char* kBadPacket = "E01";
inline constexpr const char* kNoThread = "E03";  // ESRCH
inline constexpr const char* kNoMemory = "E0e";  // EFAULT

}  // namespace uprobesim
