// SPDX-License-Identifier: GPL-2.0-or-later
// The text of a bpftrace action as tokens.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace uprobesim {

struct BpftraceToken {
    enum class Kind { Word, Map, Variable, Number, Text, Sign };
    Kind kind = Kind::Sign;
    std::string_view text;  // "@start" with its @, "$x" with its $, a text without quotes

    bool is(std::string_view sign) const { return kind == Kind::Sign && text == sign; }
    bool is_word(std::string_view word) const { return kind == Kind::Word && text == word; }
};
using BpftraceTokens = std::span<const BpftraceToken>;

// They point into `text`. Comments are left out.
std::vector<BpftraceToken> bpftrace_tokens(std::string_view text);

// Where what begins at `open`, a bracket of any kind, ends: at its partner, or past the last token.
std::size_t closing_of(BpftraceTokens tokens, std::size_t open);
// The parts between separators that stand in no bracket; of nothing, none.
std::vector<BpftraceTokens> split_tokens(BpftraceTokens tokens, std::string_view separator);

}  // namespace uprobesim
