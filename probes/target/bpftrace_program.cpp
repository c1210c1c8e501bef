// SPDX-License-Identifier: GPL-2.0-or-later
// A clause is PROBE[,PROBE...] [/PREDICATE/] { ACTION }. A slash begins a predicate after a blank
// only, since the path of a probe begins with one; it ends a predicate where a brace follows, since
// it divides, too.
#include "probes/target/bpftrace_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/base/try.h"

namespace uprobesim {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return std::string(text);
}

class Reader {
public:
    Reader(std::string_view text, std::string_view name) : text_(text), name_(name) {}

    Result<std::vector<BpftraceClause>> read() {
        std::vector<BpftraceClause> clauses;
        for (;;) {
            TRY(skip_blanks());
            if (at_ == text_.size()) return clauses;
            if (text_[at_] == '#') {  // #include, #define, #!
                skip_line();
            } else if (is_declaration()) {
                TRY(skip_declaration());
            } else {
                auto clause = TRY(read_clause());
                clauses.push_back(std::move(clause));
            }
        }
    }

private:
    tl::unexpected<UserError> refuse(std::string what, std::size_t at,
                                     std::string hint = {}) const {
        return user_error(std::move(what), fmt::format("{}:{}", name_, line_of(at)),
                          std::move(hint));
    }
    std::size_t line_of(std::size_t at) const {
        return 1 + newlines(0, std::min(at, text_.size()));
    }
    std::size_t newlines(std::size_t begin, std::size_t end) const {
        const std::string_view part = text_.substr(begin, end - begin);
        return static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    }

    void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }

    bool starts_comment() const {
        return text_.substr(at_).starts_with("//") || text_.substr(at_).starts_with("/*");
    }

    Outcome skip_comment() {
        if (text_[at_ + 1] == '/') {
            skip_line();
            return {};
        }
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == text_.npos) return refuse("a comment does not end", at_);
        at_ = end + 2;
        return {};
    }

    Outcome skip_blanks() {
        while (at_ < text_.size()) {
            if (is_blank(text_[at_])) {
                ++at_;
            } else if (starts_comment()) {
                TRY(skip_comment());
            } else {
                break;
            }
        }
        return {};
    }

    // Past the text or character that begins here.
    Outcome skip_quoted() {
        const char quote = text_[at_];
        const std::size_t begin = at_;
        for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
            if (text_[at_] == '\\') ++at_;
        }
        if (at_ >= text_.size()) return refuse("a text does not end", begin);
        ++at_;
        return {};
    }

    // Past the brace that closes the one that begins here.
    Outcome skip_braces() {
        const std::size_t begin = at_;
        std::string open;  // brackets, by what closes them
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"' || (c == '\'' && is_character())) {
                TRY(skip_quoted());
                continue;
            }
            if (starts_comment()) {
                TRY(skip_comment());
                continue;
            }
            constexpr std::string_view kOpening = "({[", kClosing = ")}]";
            if (const std::size_t kind = kOpening.find(c); kind != kOpening.npos) {
                open += kClosing[kind];
            } else if (kClosing.find(c) != kClosing.npos) {
                if (c != open.back())
                    return refuse(fmt::format("'{}' stands where '{}' should", c, open.back()),
                                  at_);
                open.pop_back();
            }
            ++at_;
            if (open.empty()) return {};
        }
        return refuse("a brace is not closed", begin);
    }
    // 'x' or '\n', not an apostrophe of something else.
    bool is_character() const {
        constexpr std::size_t kLongest = 6;
        const std::string_view here = text_.substr(at_, kLongest);
        const std::size_t end = here.find('\'', 1);
        return end != here.npos && here.find('\n') > end;
    }

    bool is_declaration() const {
        constexpr std::array<std::string_view, 7> kWords = {"struct", "union", "enum",  "config",
                                                            "fn",     "macro", "import"};
        std::size_t end = at_;
        while (end < text_.size() && text_[end] >= 'a' && text_[end] <= 'z') ++end;
        const std::string_view word = text_.substr(at_, end - at_);
        const bool alone = end == text_.size() || is_blank(text_[end]) || text_[end] == '=';
        return alone && std::find(kWords.begin(), kWords.end(), word) != kWords.end();
    }

    // Up to its block's end, or its semicolon.
    Outcome skip_declaration() {
        while (at_ < text_.size() && text_[at_] != '{' && text_[at_] != ';') {
            if (text_[at_] == '"')
                TRY(skip_quoted());
            else
                ++at_;
        }
        if (at_ < text_.size() && text_[at_] == '{') TRY(skip_braces());
        TRY(skip_blanks());
        if (at_ < text_.size() && text_[at_] == ';') ++at_;
        return {};
    }

    Result<BpftraceClause> read_clause() {
        BpftraceClause clause;
        counted_.line += newlines(counted_.at, at_);
        counted_.at = at_;
        clause.line = counted_.line;
        const std::size_t begin = at_;
        TRY(read_probes(clause));
        if (at_ < text_.size() && text_[at_] == '/') TRY(read_predicate(clause));
        TRY(skip_blanks());
        if (at_ == text_.size() || text_[at_] != '{')
            return refuse("the probe has no action", begin, "write PROBE { ... }");
        const std::size_t brace = at_;
        TRY(skip_braces());
        clause.action = trimmed(text_.substr(brace + 1, at_ - brace - 2));
        return clause;
    }

    Outcome read_probes(BpftraceClause& clause) {
        std::string probe;
        const auto end_probe = [&] {
            std::string text = trimmed(probe);
            if (!text.empty()) clause.probes.push_back(std::move(text));
            probe.clear();
        };
        int depth = 0;  // of brackets: "f(int, char)"
        while (at_ < text_.size()) {
            const char c = text_[at_];
            const bool after_blank = at_ == 0 || is_blank(text_[at_ - 1]);
            if (c == '"') {
                const std::size_t quote = at_;
                TRY(skip_quoted());
                probe += text_.substr(quote, at_ - quote);
                continue;
            }
            if (after_blank && starts_comment()) {
                TRY(skip_comment());
                continue;
            }
            if (c == '{' || (c == '/' && after_blank && !trimmed(probe).empty())) break;
            if (c == '(' || c == '[') ++depth;
            if ((c == ')' || c == ']') && depth > 0) --depth;
            ++at_;
            if (c == ',' && depth == 0)
                end_probe();
            else
                probe += c;
        }
        end_probe();
        if (clause.probes.empty()) return refuse("there is no probe before the brace", at_);
        return {};
    }

    Outcome read_predicate(BpftraceClause& clause) {
        const std::size_t begin = at_++;
        while (at_ < text_.size()) {
            if (text_[at_] == '"') {
                TRY(skip_quoted());
                continue;
            }
            if (text_[at_] == '/') {
                const std::size_t slash = at_++;
                const std::size_t after = at_;
                TRY(skip_blanks());
                if (at_ < text_.size() && text_[at_] == '{') {
                    clause.predicate = trimmed(text_.substr(begin + 1, slash - begin - 1));
                    return {};
                }
                at_ = after;
                continue;
            }
            ++at_;
        }
        return refuse("the predicate does not end", begin, "it ends with / before the {");
    }

    std::string_view text_, name_;
    std::size_t at_ = 0;
    struct {
        std::size_t at = 0, line = 1;
    } counted_;  // up to the last clause, so that no text is counted for each
};

}  // namespace

Result<std::vector<BpftraceClause>> read_bpftrace_program(std::string_view text,
                                                          std::string_view name) {
    return Reader(text, name).read();
}

}  // namespace uprobesim
