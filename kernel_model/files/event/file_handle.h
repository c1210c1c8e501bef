// SPDX-License-Identifier: GPL-2.0-or-later
// File handles, as a tmpfs gives them (shmem_encode_fh): the inode's generation and number.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>

namespace uprobesim {

inline constexpr std::uint32_t kHandleBytes = 12;
inline constexpr std::int32_t kHandleType = 1;
using HandleWords = std::array<std::uint32_t, 3>;

inline HandleWords handle_of(std::uint64_t inode) {
    return {1, static_cast<std::uint32_t>(inode), static_cast<std::uint32_t>(inode >> 32)};
}

// As /proc/PID/fdinfo shows it (show_mark_fhandle).
inline std::string handle_text(std::uint64_t inode) {
    std::string text =
        fmt::format("fhandle-bytes:{:x} fhandle-type:{:x} f_handle:", kHandleBytes, kHandleType);
    for (const std::uint32_t word : handle_of(inode)) {
        for (unsigned shift = 0; shift < 32; shift += 8)
            text += fmt::format("{:02x}", word >> shift & 0xff);
    }
    return text;
}

}  // namespace uprobesim
