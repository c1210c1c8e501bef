// SPDX-License-Identifier: GPL-2.0-or-later
// Why a breakpoint could not be placed: what the kernel's install_breakpoint fails with. At mmap
// and exec nobody is told; an event that is registered then is refused.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace uprobesim {

enum class PlaceMiss : std::uint8_t { Unreadable, Refused, NoMemory };

struct PlaceMissInfo {
    std::string_view word;
    std::string_view meaning;
};
inline constexpr std::array<PlaceMissInfo, 3> kPlaceMisses = {
    {{"unreadable", "the page of the instruction cannot be read (EIO, EFAULT)"},
     {"refused", "the file has an instruction there that the kernel refuses (EINVAL, ENOTSUPP)"},
     {"no-memory", "there is no memory for a copy of the page (ENOMEM)"}}};

using PlaceMissCounts = std::array<std::uint64_t, kPlaceMisses.size()>;

}  // namespace uprobesim
