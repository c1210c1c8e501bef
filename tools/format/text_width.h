// SPDX-License-Identifier: GPL-2.0-or-later
// Text in the columns of a terminal: how many it takes, and how it is made to take fewer.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace uprobesim {

// What a terminal would obey or hide becomes visible: control characters (C1 included), bytes that
// are no UTF-8 and the marks that turn the direction of writing are written as \xNN. A guest
// chooses the names of its files and symbols.
std::string visible(std::string_view text);

// Those below expect visible text.
std::size_t columns_of(std::string_view text);
std::string without_end_blanks(std::string_view text);
// At most `columns`, abbreviated in the middle: "uprobe:/usr/li...:SSL_read".
std::string shortened(std::string_view text, std::size_t columns);
// Lines of at most `columns`, broken at blanks where there are any. Blanks that begin the text
// stay, those at a line's end go.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

}  // namespace uprobesim
