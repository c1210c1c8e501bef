// SPDX-License-Identifier: GPL-2.0-or-later
// What the parts of the modelled trees share about paths.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/fnv.h"

namespace uprobesim {

inline bool below(std::string_view path, std::string_view mount) {
    return path == mount ||
           (path.size() > mount.size() && path.starts_with(mount) && path[mount.size()] == '/');
}

// A stable inode number for a modelled path, small enough for 32-bit readers.
inline std::uint64_t inode_of(std::string_view path) {
    return (fnv1a64(path) & 0x7fffffff) | 0x40000000;
}

}  // namespace uprobesim
