// SPDX-License-Identifier: GPL-2.0-or-later
// Reads of our own memory that fail instead of faulting: for what is only thought to be a pointer.
#pragma once

#include <cstddef>
#include <cstring>

namespace uprobesim {

bool safe_read(const void* from, void* to, std::size_t size);

// Of memory that is known to be there, at an offset that no type describes.
template <class T>
T read_at(const void* base, std::size_t offset) {
    T value{};
    // NOLINTNEXTLINE(bugprone-sizeof-expression): T may be a pointer, which is read as one.
    std::memcpy(&value, static_cast<const std::byte*>(base) + offset, sizeof(T));
    return value;
}

}  // namespace uprobesim
