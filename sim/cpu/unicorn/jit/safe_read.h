// SPDX-License-Identifier: GPL-2.0-or-later
// Reads of our own memory that fail instead of faulting: for what is only thought to be a pointer.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>

namespace uprobesim {

bool safe_read(const void* from, void* to, std::size_t size);

// How many bytes from `from` on were there to be copied, at most as many as `to` holds: for a
// search that may go on past the end of what it searches.
std::size_t read_what_is_there(const void* from, std::span<std::byte> to);

// Of memory that is known to be there, at an offset that no type describes.
template <class T>
T read_at(const void* base, std::size_t offset) {
    T value{};
    // NOLINTNEXTLINE(bugprone-sizeof-expression): T may be a pointer, which is read as one.
    std::memcpy(&value, static_cast<const std::byte*>(base) + offset, sizeof(T));
    return value;
}

}  // namespace uprobesim
