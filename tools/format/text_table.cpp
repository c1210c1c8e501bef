// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/text_table.h"

#include <algorithm>

namespace uprobesim {
namespace {

// Bytes that begin a UTF-8 character, so that "µ" counts as one column.
std::size_t columns(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

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
