// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/profile/toml_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace uprobesim {
namespace {

// Walks over the text as TOML's strings and comments divide it. It need not know what is wrong
// with a text: the library stops at the first mistake, up to which both read the same.
class Nesting {
public:
    explicit Nesting(std::string_view text) : text_(text) {}

    // Where it is too deep; npos: nowhere.
    std::size_t too_deep_at() {
        while (at_ < text_.size()) {
            const std::size_t here = at_;
            step();
            if (std::max(brackets_, dots_) > kMaxTomlDepth) return here;
        }
        return std::string_view::npos;
    }

private:
    void step() {
        switch (const char c = text_[at_]) {
            case '#': at_ = std::min(text_.find('\n', at_), text_.size()); return;
            case '"':
            case '\'': skip_string(c); return;
            case '[':
            case '{':
                ++brackets_;
                dots_ = 0;
                break;
            case ']':
            case '}':
                if (brackets_ > 0) --brackets_;
                dots_ = 0;
                break;
            case '.': ++dots_; break;
            case '=':
            case ',':
            case '\n': dots_ = 0; break;
            default: break;
        }
        ++at_;
    }

    void skip_string(char quote) {
        const std::string_view rest = text_.substr(at_);
        const bool many_lines = rest.size() >= 3 && rest[1] == quote && rest[2] == quote;
        at_ += many_lines ? 3 : 1;
        for (unsigned quotes = 0; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '\\' && quote == '"') {
                ++at_;
                quotes = 0;
            } else if (c == quote) {
                if (!many_lines || ++quotes == 3) break;
            } else {
                quotes = 0;
                if (c == '\n' && !many_lines) return;  // not closed: the library says so
            }
        }
        if (at_ < text_.size()) ++at_;
        // Up to two more may stand before the three that close it.
        for (int more = 0; many_lines && more < 2 && at_ < text_.size() && text_[at_] == quote;
             ++more)
            ++at_;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    unsigned brackets_ = 0;
    unsigned dots_ = 0;  // of the key, or number, that is being read
};

}  // namespace

Outcome check_toml_nesting(std::string_view text, std::string_view file_name) {
    const std::size_t at = Nesting(text).too_deep_at();
    if (at == std::string_view::npos) return {};
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    return user_error("tables, arrays or the parts of a key nest too deep",
                      fmt::format("{}:{}", file_name, line),
                      fmt::format("at most {} levels", kMaxTomlDepth));
}

Result<toml::table> parse_toml(const DataFile& file) {
    // What is built in is not too deep: tests read all of it.
    if (!file.file_name.starts_with(kBuiltinPrefix)) {
        if (auto checked = check_toml_nesting(file.text, file.file_name); !checked)
            return tl::make_unexpected(std::move(checked.error()));
    }
    try {
        return toml::parse(std::string_view(file.text), std::string_view(file.file_name));
    } catch (const toml::parse_error& e) {
        return user_error(fmt::format("not TOML: {}", e.description()),
                          fmt::format("{}:{}", file.file_name, e.source().begin.line),
                          "see https://toml.io");
    }
}

}  // namespace uprobesim
