// SPDX-License-Identifier: GPL-2.0-or-later
// The small pieces that the kinds of arguments are written with.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/signal/signals.h"
#include "tools/strace/call_kinds.h"

namespace uprobesim {

std::string pointer_text(std::uint64_t value) {
    return value == 0 ? "NULL" : fmt::format("0x{:x}", value);
}

std::string octal_text(std::uint64_t value) {
    return fmt::format("{:0>3}", fmt::format("{:#o}", value));
}

std::string quoted(std::string_view bytes, bool cut) {
    std::string text = "\"";
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto c = static_cast<unsigned char>(bytes[i]);
        constexpr std::string_view kPlain = "\n\t\r\v\f\"\\", kEscaped = "ntrvf\"\\";
        const std::size_t escape = kPlain.find(static_cast<char>(c));
        if (escape != kPlain.npos) {
            text += '\\';
            text += kEscaped[escape];
        } else if (c >= 0x20 && c < 0x7f) {
            text += static_cast<char>(c);
        } else {
            // All three digits where another digit follows.
            const bool digit = i + 1 < bytes.size() && bytes[i + 1] >= '0' && bytes[i + 1] <= '9';
            text += digit ? fmt::format("\\{:03o}", c) : fmt::format("\\{:o}", c);
        }
    }
    text += '"';
    return cut ? text + "..." : text;
}

std::string bytes_at(CallView& view, std::uint64_t at, std::uint64_t size) {
    if (at == 0) return "NULL";
    std::string text(std::min<std::uint64_t>(size, kShownBytes), '\0');
    if (!peek(view.memory(), VAddr(at), std::as_writable_bytes(std::span(text)))) {
        view.incomplete = true;
        return pointer_text(at);
    }
    return quoted(text, size > kShownBytes);
}

std::string string_at(CallView& view, std::uint64_t at, std::size_t most) {
    if (at == 0) return "NULL";
    auto found = peek_string(view.memory(), VAddr(at), most + 1);
    if (!found || (!found->ended && found->text.size() <= most)) {
        view.incomplete = true;
        return pointer_text(at);
    }
    const bool cut = found->text.size() > most;
    if (cut) found->text.resize(most);
    return quoted(found->text, cut);
}

std::string signal_text(std::uint64_t number) {
    constexpr std::uint64_t kFirstRealTime = 32;
    if (number == 0 || number > static_cast<std::uint64_t>(kSignalCount))
        return fmt::format("{}", number);
    if (number >= kFirstRealTime) return fmt::format("SIGRT_{}", number - kFirstRealTime);
    return signal_name(static_cast<int>(number));
}

std::string signal_set_text(std::uint64_t mask) {
    constexpr int kMaxNamed = 40;
    const bool inverse = std::popcount(mask) > kMaxNamed;
    const std::uint64_t shown = inverse ? ~mask : mask;
    std::vector<std::string> names;
    for (unsigned signal = 1; signal <= static_cast<unsigned>(kSignalCount); ++signal) {
        if ((shown >> (signal - 1) & 1) != 0) names.push_back(signal_text(signal).substr(3));
    }
    return fmt::format("{}[{}]", inverse ? "~" : "", fmt::join(names, " "));
}

std::string descriptor_text(std::uint64_t value) {
    const auto fd = static_cast<std::int32_t>(value);
    return fd == abi::kAtFdcwd ? "AT_FDCWD" : fmt::format("{}", fd);
}

std::string open_flags_text(std::uint64_t flags) {
    std::string text(value_name(names::kAccessModes, flags & abi::kOAccmode));
    const std::string bits =
        flags_text(names::kOpenBits, flags & ~std::uint64_t{abi::kOAccmode}, "");
    return bits.empty() ? text : text + '|' + bits;
}

std::optional<std::string> descriptor_set_text(CallView& view, std::uint64_t at,
                                               std::uint64_t count) {
    constexpr std::uint64_t kMaxDescriptors = 1024;
    if (at == 0) return std::nullopt;
    std::vector<std::uint64_t> shown;
    for (std::uint64_t fd = 0; fd < std::min(count, kMaxDescriptors); ++fd) {
        const auto bits = view.read<std::uint64_t>(at + fd / 64 * 8);
        if (!bits) return std::nullopt;
        if ((*bits >> (fd % 64) & 1) != 0) shown.push_back(fd);
    }
    return fmt::format("[{}]", fmt::join(shown, " "));
}

std::string mode_text(std::uint32_t mode) {
    const auto type = value_name(names::kFileTypes, mode & abi::kIfmt);
    std::string text = type.empty() ? "" : std::string(type) + "|";
    if ((mode & abi::kIsuid) != 0) text += "S_ISUID|";
    if ((mode & abi::kIsgid) != 0) text += "S_ISGID|";
    if ((mode & abi::kIsvtx) != 0) text += "S_ISVTX|";
    return text + octal_text(mode & abi::kPermissionBits);
}

}  // namespace uprobesim
