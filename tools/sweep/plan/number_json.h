// SPDX-License-Identifier: GPL-2.0-or-later
// A number as the rows of a sweep have it: the shortest text that reads back the same.
#pragma once

#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <string>

namespace uprobesim {

inline void add_number(double value, std::string& json) {
    std::array<char, 32> text{};
    char* end = fmt::format_to(text.data(), FMT_COMPILE("{}"), value);
    json.append(text.data(), end);
}

}  // namespace uprobesim
