// SPDX-License-Identifier: GPL-2.0-or-later
// A spec's characters and which of them separate: what stands in matching brackets or in quotes
// does not.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace uprobesim {

// A word with its quotes taken away, and for each character whether it was quoted, or enclosed in
// brackets. A quote or bracket without its partner is an ordinary character.
class SpecText {
public:
    explicit SpecText(std::string_view written);

    std::size_t size() const { return text_.size(); }
    bool empty() const { return text_.empty(); }
    std::string_view text() const { return text_; }
    std::string string() const { return text_; }
    SpecText part(std::size_t begin, std::size_t end = std::string_view::npos) const;
    SpecText without_outer_blanks() const;

    // An unquoted, unenclosed `c`.
    bool separates(std::size_t at, char c) const {
        return text_[at] == c && marks_[at] == Mark::Plain;
    }
    // A ':' that is not one of "::".
    bool is_colon(std::size_t at) const;
    // The last colon before `end`; npos: none. Where brackets hide all colons, of those.
    std::size_t last_colon(std::size_t end = std::string_view::npos) const;
    bool quoted(std::size_t at) const { return marks_[at] == Mark::Quoted; }
    bool any_quoted() const;

private:
    enum class Mark : unsigned char { Plain, Enclosed, Quoted };
    SpecText() = default;
    void mark_brackets();

    std::string text_;
    std::vector<Mark> marks_;
};

// Such that SpecText reads it as one quoted piece.
std::string quoted_piece(std::string_view text);

}  // namespace uprobesim
