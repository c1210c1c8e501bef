// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/profile/packed/packed.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace uprobesim {

void Packer::word(std::size_t value) {
    check_invariant(value <= std::numeric_limits<std::uint16_t>::max(),
                    "profiles have more texts or numbers than a word can tell apart");
    words_.push_back(static_cast<std::uint16_t>(value));
}

std::uint16_t Packer::text_place(const std::string& text) {
    const auto [place, is_new] = text_places_.emplace(text, text_ends_.size());
    if (is_new) {
        texts_ += text;
        text_ends_.push_back(static_cast<std::uint32_t>(texts_.size()));
    }
    check_invariant(place->second <= std::numeric_limits<std::uint16_t>::max(),
                    "profiles have more texts than a word can tell apart");
    return static_cast<std::uint16_t>(place->second);
}

void Packer::put(double number) {
    const auto [place, is_new] =
        number_places_.emplace(std::bit_cast<std::uint64_t>(number), numbers_.size());
    if (is_new) numbers_.push_back(number);
    word(place->second);
}

const PackedRow* find_packed(const PackedTables& tables, std::string_view folder,
                             std::string_view name) {
    const auto found = std::find_if(tables.rows.begin(), tables.rows.end(), [&](const auto& row) {
        const std::string_view path = tables.text(row.path);
        return path.size() == folder.size() + 1 + name.size() && path.starts_with(folder) &&
               path[folder.size()] == '/' && path.ends_with(name);
    });
    return found == tables.rows.end() ? nullptr : &*found;
}

}  // namespace uprobesim
