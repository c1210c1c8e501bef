// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace uprobesim {
namespace {

// Inserts the separators into the digits before the point.
std::string with_groups(std::string digits) {
    std::size_t end = digits.find('.');
    if (end == std::string::npos) end = digits.size();
    for (std::size_t at = end; at > 3; at -= 3) digits.insert(at - 3, 1, ',');
    return digits;
}

// Bytes that begin a UTF-8 character, so that "µ" counts as one column.
std::size_t columns(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string grouped(std::uint64_t n) {
    return with_groups(std::to_string(n));
}

std::string grouped(double v, int decimals) {
    if (v < 0) return "-" + grouped(-v, decimals);
    return with_groups(fmt::format("{:.{}f}", v, decimals));
}

std::string percent(double part, double whole) {
    return whole > 0 ? fmt::format("{:.1f}%", 100.0 * part / whole) : "-";
}

std::string cycles_text(CentiCycles cycles) {
    return grouped((cycles.value + 50) / 100);
}

std::string duration_text(double ns) {
    if (ns < 1e3) return fmt::format("{:.1f} ns", ns);
    if (ns < 1e6) return fmt::format("{:.3f} us", ns / 1e3);
    if (ns < 1e9) return fmt::format("{:.3f} ms", ns / 1e6);
    return fmt::format("{:.3f} s", ns / 1e9);
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB"};
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
    return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string counted(std::uint64_t n, std::string_view what) {
    return fmt::format("{} {}{}", grouped(n), what, n == 1 ? "" : "s");
}

std::string TextTable::text(std::size_t indent, std::size_t gap) const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t c = 0; c < row.size(); ++c)
            widths[c] = std::max(widths[c], columns(row[c]));
    }
    std::string out;
    for (const auto& row : rows_) {
        std::string line(indent, ' ');
        for (std::size_t c = 0; c < row.size(); ++c) {
            const std::string padding(widths[c] - columns(row[c]), ' ');
            if (c != 0) line.append(gap, ' ');
            line += c == 0 ? row[c] + padding : padding + row[c];
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

}  // namespace uprobesim
