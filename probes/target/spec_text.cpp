// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/spec_text.h"

#include <algorithm>

namespace uprobesim {
namespace {

constexpr std::string_view kOpening = "([{<", kClosing = ")]}>";

// The end of a quoted piece that begins at `at`; npos: it has none, so that the quote is a
// character like others.
std::size_t end_of_quote(std::string_view written, std::size_t at) {
    for (std::size_t i = at + 1; i < written.size(); ++i) {
        if (written[i] == '\\') {
            ++i;
        } else if (written[i] == '"') {
            return i;
        }
    }
    return std::string_view::npos;
}

// operator<, operator->, operator<<: not a bracket that something closes.
bool is_operator(std::string_view text, std::size_t at) {
    constexpr std::string_view kOperator = "operator";
    const char c = text[at];
    if (c != '<' && c != '>') return false;
    if (c == '>' && at > 0 && (text[at - 1] == '-' || text[at - 1] == '=')) return true;
    // Three characters at most: operator<=>.
    for (std::size_t before = 0; before < 3 && before <= at; ++before) {
        if (text.substr(0, at - before).ends_with(kOperator)) return true;
    }
    return false;
}

}  // namespace

SpecText::SpecText(std::string_view written) {
    bool closed = true;  // until a quote without an end is met
    for (std::size_t i = 0; i < written.size(); ++i) {
        std::size_t end = std::string_view::npos;
        if (written[i] == '"' && closed) {
            end = end_of_quote(written, i);
            closed = end != std::string_view::npos;
        }
        if (end == std::string_view::npos) {
            text_ += written[i];
            marks_.push_back(Mark::Plain);
            continue;
        }
        for (++i; i < end; ++i) {
            if (written[i] == '\\') ++i;
            text_ += written[i];
            marks_.push_back(Mark::Quoted);
        }
        i = end;
    }
    mark_brackets();
}

void SpecText::mark_brackets() {
    struct Open {
        std::size_t at, kind;
    };
    std::vector<Open> open;
    std::vector<std::size_t> open_of_kind(kOpening.size());
    std::vector<int> change(size() + 1, 0);  // of the depth, from this character on
    for (std::size_t i = 0; i < size(); ++i) {
        if (marks_[i] != Mark::Plain || is_operator(text_, i)) continue;
        const std::size_t opens = kOpening.find(text_[i]), closes = kClosing.find(text_[i]);
        if (opens != kOpening.npos) {
            open.push_back({i, opens});
            ++open_of_kind[opens];
        }
        if (closes == kClosing.npos || open_of_kind[closes] == 0) continue;
        // Those opened inside of the pair have no partner.
        for (bool found = false; !found; open.pop_back()) {
            --open_of_kind[open.back().kind];
            found = open.back().kind == closes;
            if (!found) continue;
            ++change[open.back().at];
            --change[i + 1];
        }
    }
    int depth = 0;
    for (std::size_t i = 0; i < size(); ++i) {
        depth += change[i];
        if (depth > 0 && marks_[i] == Mark::Plain) marks_[i] = Mark::Enclosed;
    }
}

SpecText SpecText::part(std::size_t begin, std::size_t end) const {
    SpecText piece;
    begin = std::min(begin, size());
    end = std::clamp(end, begin, size());
    piece.text_ = text_.substr(begin, end - begin);
    piece.marks_.assign(marks_.begin() + static_cast<std::ptrdiff_t>(begin),
                        marks_.begin() + static_cast<std::ptrdiff_t>(end));
    return piece;
}

SpecText SpecText::without_outer_blanks() const {
    std::size_t begin = 0, end = size();
    const auto blank = [&](std::size_t at) {
        return !quoted(at) && (text_[at] == ' ' || text_[at] == '\t' || text_[at] == '\n');
    };
    while (begin < end && blank(begin)) ++begin;
    while (end > begin && blank(end - 1)) --end;
    return part(begin, end);
}

bool SpecText::is_colon(std::size_t at) const {
    const auto is_other = [&](std::size_t i) { return text_[i] != ':' || quoted(i); };
    return text_[at] == ':' && (at == 0 || is_other(at - 1)) &&
           (at + 1 == size() || is_other(at + 1));
}

std::size_t SpecText::last_colon(std::size_t end) const {
    end = std::min(end, size());
    std::size_t hidden = std::string_view::npos;
    for (std::size_t at = end; at-- > 0;) {
        if (!is_colon(at) || quoted(at)) continue;
        if (marks_[at] == Mark::Plain) return at;
        if (hidden == std::string_view::npos) hidden = at;
    }
    return hidden;
}

bool SpecText::any_quoted() const {
    return std::find(marks_.begin(), marks_.end(), Mark::Quoted) != marks_.end();
}

std::string quoted_piece(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace uprobesim
