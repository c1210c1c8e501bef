// SPDX-License-Identifier: GPL-2.0-or-later
// Text that every floor's messages need.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace uprobesim {

// Control characters as \xNN, so that a message stays one line.
std::string printable(std::string_view text);

// Insertions, deletions and replacements between two names (Levenshtein), for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace uprobesim
