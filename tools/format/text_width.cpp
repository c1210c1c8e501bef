// SPDX-License-Identifier: GPL-2.0-or-later
// Widths follow the East Asian Width property for the blocks in kWide, and the zero width of
// combining marks in kNarrow; a character of neither takes one column.
#include "tools/format/text_width.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace uprobesim {
namespace {

constexpr std::string_view kEllipsis = "...";

struct Range {
    char32_t first, last;
};
constexpr Range kWide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23f3},
    {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267f, 0x267f},
    {0x2693, 0x2693},   {0x26a1, 0x26a1},   {0x26aa, 0x26ab},   {0x26bd, 0x26be},
    {0x26c4, 0x26c5},   {0x26ce, 0x26ce},   {0x26d4, 0x26d4},   {0x26ea, 0x26ea},
    {0x26f2, 0x26f5},   {0x26fa, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},
    {0x2728, 0x2728},   {0x274c, 0x274e},   {0x2753, 0x2757},   {0x2795, 0x2797},
    {0x27b0, 0x27bf},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b55},   {0x2e80, 0x303e},
    {0x3041, 0xa4cf},   {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
    {0x16fe0, 0x18cff}, {0x1aff0, 0x1b2fb}, {0x1f004, 0x1f320}, {0x1f32d, 0x1f64f},
    {0x1f680, 0x1f6ff}, {0x1f7e0, 0x1f7f0}, {0x1f90c, 0x1faff}, {0x20000, 0x3fffd},
};
constexpr Range kNarrow[] = {
    {0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},   {0x64b, 0x65f},
    {0x900, 0x902},   {0xe31, 0xe31},   {0xe34, 0xe3a},   {0xe47, 0xe4e},   {0x1160, 0x11ff},
    {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};
// Bidirectional controls, and what takes no column but is no mark of a letter.
constexpr Range kHidden[] = {
    {0x80, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
};

template <std::size_t N>
bool is_in(const Range (&ranges)[N], char32_t c) {
    if (c < ranges[0].first) return false;  // nearly every character of a report
    return std::any_of(std::begin(ranges), std::end(ranges),
                       [c](const Range& r) { return c >= r.first && c <= r.last; });
}

struct Character {
    char32_t code = 0;
    std::size_t bytes = 0;  // 0: no character begins here
};

// The well-formed sequences of the Unicode standard, table 3-7.
Character character_at(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
    };
    const unsigned first = byte(0);
    if (first < 0x80) return {first, 1};
    const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) return {};
    char32_t code = first & (0x7fU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0U) != 0x80) return {};
        code = code << 6 | (byte(i) & 0x3fU);
    }
    constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < kSmallest[bytes] || code > 0x10ffff || surrogate) return {};
    return {code, bytes};
}

// Of visible text; a stray byte takes one column and is passed over.
struct Piece {
    std::size_t bytes, columns;
};
Piece piece_at(std::string_view text, std::size_t at) {
    const Character c = character_at(text, at);
    if (c.bytes == 0) return {1, 1};
    return {c.bytes, is_in(kNarrow, c.code) ? std::size_t{0} : is_in(kWide, c.code) ? 2U : 1U};
}

// The bytes of the longest beginning that takes at most `columns`.
std::size_t bytes_within(std::string_view text, std::size_t columns) {
    std::size_t at = 0;
    for (std::size_t used = 0; at < text.size();) {
        const Piece piece = piece_at(text, at);
        if (used + piece.columns > columns) break;
        used += piece.columns;
        at += piece.bytes;
    }
    return at;
}

// Where the longest ending begins that takes at most `columns`.
std::size_t tail_within(std::string_view text, std::size_t columns) {
    std::size_t over = columns_of(text);
    std::size_t at = 0;
    while (at < text.size() && over > columns) {
        const Piece piece = piece_at(text, at);
        over -= piece.columns;
        at += piece.bytes;
    }
    // A mark belongs to the letter that was cut away.
    while (at < text.size() && piece_at(text, at).columns == 0) at += piece_at(text, at).bytes;
    return at;
}

}  // namespace

std::string visible(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const Character c = character_at(text, at);
        const std::size_t bytes = std::max<std::size_t>(c.bytes, 1);
        if (c.bytes == 0 || c.code < 0x20 || c.code == 0x7f || is_in(kHidden, c.code)) {
            for (const char byte : text.substr(at, bytes))
                out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
        } else {
            out += text.substr(at, bytes);
        }
        at += bytes;
    }
    return out;
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    for (std::size_t at = 0; at < text.size();) {
        const Piece piece = piece_at(text, at);
        columns += piece.columns;
        at += piece.bytes;
    }
    return columns;
}

std::string without_end_blanks(std::string_view text) {
    return std::string(text.substr(0, text.find_last_not_of(' ') + 1));
}

std::string shortened(std::string_view text, std::size_t columns) {
    if (columns_of(text) <= columns) return std::string(text);
    if (columns <= kEllipsis.size()) return std::string(kEllipsis.substr(0, columns));
    const std::size_t left = columns - kEllipsis.size();
    return std::string(text.substr(0, bytes_within(text, left - left / 2))) +
           std::string(kEllipsis) + std::string(text.substr(tail_within(text, left / 2)));
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
    // A wide character needs two columns, so that every line takes at least one.
    columns = std::max<std::size_t>(columns, 2);
    std::vector<std::string> lines;
    while (columns_of(text) > columns) {
        const std::size_t most = bytes_within(text, columns);
        std::size_t end = text[most] == ' ' ? most : text.rfind(' ', most);
        const std::size_t indent = text.find_first_not_of(' ');
        if (end == std::string_view::npos || end == 0 || end <= indent) end = most;
        lines.push_back(without_end_blanks(text.substr(0, end)));
        text.remove_prefix(end);
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    }
    if (!text.empty() || lines.empty()) lines.push_back(without_end_blanks(text));
    return lines;
}

}  // namespace uprobesim
