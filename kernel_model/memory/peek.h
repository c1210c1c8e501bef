// SPDX-License-Identifier: GPL-2.0-or-later
// Reads of a process's memory without side effects, for observers: no fault is taken, nothing is
// charged, no page is brought in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "kernel_model/memory/mm.h"

namespace uprobesim {

// The bytes from `at` to the end of its page, at most `size`. Empty: the page is not mapped or not
// present.
std::span<const std::byte> peek_span(Mm& mm, VAddr at, std::size_t size);
// False: part of the range is not present.
bool peek(Mm& mm, VAddr at, std::span<std::byte> to);
// The string at `at` without its NUL, at most `max` bytes, or the part that is present; `ended`:
// the NUL was found. nullopt: not even the first byte is present.
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
