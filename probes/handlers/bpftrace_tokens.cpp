// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/handlers/bpftrace_tokens.h"

#include <algorithm>
#include <array>

#include "sim/base/text.h"

namespace uprobesim {
namespace {

using TokenKind = BpftraceToken::Kind;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Longest first.
constexpr std::array<std::string_view, 18> kSigns = {
    "<<=", ">>=", "->", "++", "--", "+=", "-=", "*=", "/=",
    "==",  "!=",  "<=", ">=", "&&", "||", "<<", ">>", "%="};

class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    std::vector<BpftraceToken> scan() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (is_blank(c)) {
                ++at_;
            } else if (!skip_comment()) {
                token(c);
            }
        }
        return std::move(tokens_);
    }

private:
    bool skip_comment() {
        const std::string_view rest = text_.substr(at_);
        if (!rest.starts_with("//") && !rest.starts_with("/*")) return false;
        const std::string_view end = rest[1] == '/' ? "\n" : "*/";
        const std::size_t found = text_.find(end, at_ + 2);
        at_ = found == text_.npos ? text_.size() : found + end.size();
        return true;
    }

    void token(char c) {
        if (c == '"' || c == '\'') return quoted(c);
        if (is_letter(c)) return name(TokenKind::Word);
        if (c == '@') return name(TokenKind::Map);
        if (c == '$') return name(TokenKind::Variable);
        if (is_digit(c)) return name(TokenKind::Number);
        const std::string_view rest = text_.substr(at_);
        const auto* sign = std::find_if(kSigns.begin(), kSigns.end(),
                                        [&](std::string_view s) { return rest.starts_with(s); });
        add(TokenKind::Sign, sign != kSigns.end() ? sign->size() : 1);
    }

    void quoted(char quote) {
        const std::size_t begin = ++at_;
        while (at_ < text_.size() && text_[at_] != quote) at_ += text_[at_] == '\\' ? 2 : 1;
        at_ = std::min(at_, text_.size());
        tokens_.push_back({TokenKind::Text, text_.substr(begin, at_ - begin)});
        at_ = std::min(at_ + 1, text_.size());
    }

    void name(TokenKind kind) {
        std::size_t size = 1;
        while (at_ + size < text_.size() &&
               (is_letter(text_[at_ + size]) || is_digit(text_[at_ + size])))
            ++size;
        add(kind, size);
    }

    void add(TokenKind kind, std::size_t size) {
        tokens_.push_back({kind, text_.substr(at_, size)});
        at_ += size;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<BpftraceToken> tokens_;
};

bool opens(const BpftraceToken& token) {
    return token.is("(") || token.is("[") || token.is("{");
}
bool closes(const BpftraceToken& token) {
    return token.is(")") || token.is("]") || token.is("}");
}

}  // namespace

std::vector<BpftraceToken> bpftrace_tokens(std::string_view text) {
    return Scanner(text).scan();
}

std::size_t closing_of(BpftraceTokens tokens, std::size_t open) {
    std::size_t depth = 0;
    for (std::size_t at = open; at < tokens.size(); ++at) {
        if (opens(tokens[at])) ++depth;
        if (closes(tokens[at]) && --depth == 0) return at;
    }
    return tokens.size();
}

std::vector<BpftraceTokens> split_tokens(BpftraceTokens tokens, std::string_view separator) {
    std::vector<BpftraceTokens> parts;
    if (tokens.empty()) return parts;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < tokens.size(); ++at) {
        if (opens(tokens[at])) at = std::min(closing_of(tokens, at), tokens.size() - 1);
        if (!tokens[at].is(separator)) continue;
        parts.push_back(tokens.subspan(begin, at - begin));
        begin = at + 1;
    }
    parts.push_back(tokens.subspan(begin));
    return parts;
}

}  // namespace uprobesim
