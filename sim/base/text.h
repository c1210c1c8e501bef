// SPDX-License-Identifier: GPL-2.0-or-later
// Text that messages of every layer need.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace uprobesim {

// Of ASCII, whatever the locale.
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Control characters as \xNN, so that a message stays one line.
std::string printable(std::string_view text);

// Insertions, deletions, replacements and swaps of neighbours between two names (Damerau and
// Levenshtein, optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

// "did you mean 'a' or 'b'?": those of `known` that `given` may be a misspelling of, the closest
// first; empty where none is close.
std::string did_you_mean(std::string_view given, const std::vector<std::string>& known);
// The same, or "known: a, b, c" where none is close and the list is short.
std::string near_names(std::string_view given, const std::vector<std::string>& known);

// A word as a shell takes it: in quotes where it needs them.
std::string shell_word(const std::string& word);

// What shows the guest a file of the host at /NAME, in a shell: "--bind $PWD/server:/server" of
// "./server".
struct BindRemedy {
    std::string option;
    std::string guest;  // "/server"
};
BindRemedy bind_remedy(std::string_view host_path);

// "a, b or c"
std::string or_list(const std::vector<std::string>& words);

}  // namespace uprobesim
