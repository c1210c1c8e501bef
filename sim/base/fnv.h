// SPDX-License-Identifier: GPL-2.0-or-later
// FNV-1a, 64 bits (Fowler, Noll, Vo): tells contents apart and gives names stable numbers. No
// protection against a content that is made to collide.
#pragma once

#include <cstdint>
#include <string_view>

namespace uprobesim {

inline constexpr std::uint64_t kFnvBasis = 0xcbf29ce484222325u;

// `hash`: of what comes before `text`.
constexpr std::uint64_t fnv1a64(std::string_view text, std::uint64_t hash = kFnvBasis) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return hash;
}

}  // namespace uprobesim
