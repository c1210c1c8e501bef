// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/wire/packet.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

namespace uprobesim {
namespace {

constexpr char kInterrupt = 3, kEscape = '}', kRun = '*';
constexpr char kFlip = 0x20;
// A run's count is a printable character, this for none.
constexpr std::size_t kCountOffset = 29, kShortestRun = 3, kLongestRun = 126 - kCountOffset;

bool is_special(char c) {
    return c == '$' || c == '#' || c == kEscape || c == kRun;
}

unsigned sum_of(std::string_view payload) {
    return std::accumulate(
               payload.begin(), payload.end(), 0u,
               [](unsigned sum, char c) { return sum + static_cast<unsigned char>(c); }) &
           0xff;
}

std::string unescaped(std::string_view payload) {
    std::string bytes;
    bytes.reserve(payload.size());
    for (std::size_t i = 0; i < payload.size(); ++i) {
        if (payload[i] == kEscape && i + 1 < payload.size()) {
            bytes += static_cast<char>(payload[++i] ^ kFlip);
        } else {
            bytes += payload[i];
        }
    }
    return bytes;
}

}  // namespace

std::string gdb_escaped(std::string_view bytes) {
    std::string payload;
    for (const char c : bytes) {
        if (is_special(c)) {
            payload += kEscape;
            payload += static_cast<char>(c ^ kFlip);
        } else {
            payload += c;
        }
    }
    return payload;
}

std::string shortened(std::string_view payload) {
    std::string text;
    for (std::size_t i = 0; i < payload.size();) {
        const std::size_t end = std::min(payload.find_first_not_of(payload[i], i), payload.size());
        std::size_t more = end - i - 1;
        // What is escaped is not repeated: '*' would count the flipped byte only.
        const bool plain = i == 0 || payload[i - 1] != kEscape;
        text += payload[i];
        while (plain && more >= kShortestRun) {
            std::size_t count = std::min(more, kLongestRun);
            while (is_special(static_cast<char>(count + kCountOffset)) ||
                   static_cast<char>(count + kCountOffset) == '+' ||
                   static_cast<char>(count + kCountOffset) == '-')
                --count;
            if (count < kShortestRun) break;
            text += kRun;
            text += static_cast<char>(count + kCountOffset);
            more -= count;
            if (more == 0) break;
            text += payload[i];
            --more;
        }
        if (plain) {
            text.append(more, payload[i]);
            i = end;
        } else {
            ++i;
        }
    }
    return text;
}

std::string framed(std::string_view payload) {
    return fmt::format("${}#{:02x}", payload, sum_of(payload));
}

std::optional<GdbInput> PacketReader::next() {
    constexpr std::size_t kChecksumDigits = 2;
    const std::size_t begin = bytes_.find_first_of(std::string_view("$-\3", 3));
    if (begin == std::string::npos) {
        bytes_.clear();
        return std::nullopt;
    }
    bytes_.erase(0, begin);
    if (bytes_.front() != '$') {
        const bool resend = bytes_.front() == '-';
        bytes_.erase(0, 1);
        if (resend) return GdbResend{};
        return GdbInterrupt{};
    }
    const std::size_t hash = bytes_.find('#');
    if (hash == std::string::npos || bytes_.size() < hash + 1 + kChecksumDigits) {
        if (bytes_.size() < kMostBytes) return std::nullopt;
        bytes_.clear();
        return GdbBroken{};
    }
    const std::string payload = bytes_.substr(1, hash - 1);
    const auto sum = hex_number(std::string_view(bytes_).substr(hash + 1, kChecksumDigits));
    bytes_.erase(0, hash + 1 + kChecksumDigits);
    if (sum != sum_of(payload)) return GdbBroken{};
    return GdbPacket{unescaped(payload)};
}

std::string hex_text(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return text;
}

std::string hex_text(std::span<const std::byte> bytes) {
    return hex_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::optional<std::string> from_hex(std::string_view digits) {
    if (digits.size() % 2 != 0) return std::nullopt;
    std::string bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        const auto byte = hex_number(digits.substr(i, 2));
        if (!byte) return std::nullopt;
        bytes += static_cast<char>(*byte);
    }
    return bytes;
}

std::optional<std::uint64_t> hex_number(std::string_view digits) {
    constexpr int kHex = 16;
    std::uint64_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, kHex);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::string_view take_until(std::string_view& text, char separator) {
    const std::size_t at = text.find(separator);
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return part;
}

}  // namespace uprobesim
