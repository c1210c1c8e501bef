// SPDX-License-Identifier: GPL-2.0-or-later
// A look at a process's memory that changes nothing: no fault is taken, nothing is charged, no page
// is read in. For those who look on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "kernel_model/memory/mm.h"

namespace uprobesim {

// The bytes of the page part at `at`, at most `size` of them. Empty: nothing is mapped, or the page
// has not been brought in yet.
std::span<const std::byte> peek_span(Mm& mm, VAddr at, std::size_t size);
// False where a part is not there.
bool peek(Mm& mm, VAddr at, std::span<std::byte> to);
// Up to `max` bytes without the NUL, or as many as are there; `ended`: the NUL was found. Nullopt:
// not one byte.
struct PeekedString {
    std::string text;
    bool ended = false;
};
std::optional<PeekedString> peek_string(Mm& mm, VAddr at, std::size_t max);

template <class T>
std::optional<T> peek_value(Mm& mm, VAddr at) {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    if (!peek(mm, at, std::as_writable_bytes(std::span<T, 1>(&value, 1)))) return std::nullopt;
    return value;
}

}  // namespace uprobesim
