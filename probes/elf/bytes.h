// SPDX-License-Identifier: GPL-2.0-or-later
// Values out of a file that may be damaged: each read is checked against its end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace uprobesim {

using Bytes = std::span<const std::byte>;

template <class T>
std::optional<T> load(Bytes bytes, std::uint64_t at) {
    if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
    T value{};
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

// As much of [at, at + size) as there is.
inline Bytes piece(Bytes bytes, std::uint64_t at, std::uint64_t size = ~std::uint64_t{0}) {
    if (at >= bytes.size()) return {};
    return bytes.subspan(
        static_cast<std::size_t>(at),
        static_cast<std::size_t>(std::min<std::uint64_t>(size, bytes.size() - at)));
}

// The string that begins at `at`; nullopt: it does not end in the file.
inline std::optional<std::string_view> string_at(Bytes bytes, std::uint64_t at) {
    const Bytes rest = piece(bytes, at);
    const auto* begin = reinterpret_cast<const char*>(rest.data());
    const void* end = rest.empty() ? nullptr : std::memchr(begin, 0, rest.size());
    if (end == nullptr) return std::nullopt;
    return std::string_view(begin, static_cast<std::size_t>(static_cast<const char*>(end) - begin));
}

// How many bytes of names a file may give: damaged tables could name one long string again and
// again.
class NameBudget {
public:
    explicit NameBudget(Bytes file) : left_(file.size() * kTimes) {}
    bool take(std::size_t bytes) {
        const bool fits = bytes <= left_;
        left_ -= std::min<std::uint64_t>(bytes, left_);
        return fits;
    }

private:
    static constexpr std::uint64_t kTimes = 16;
    std::uint64_t left_;
};

}  // namespace uprobesim
