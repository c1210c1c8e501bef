// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/report/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim/base/text.h"

namespace uprobesim {
namespace {

struct TooMuch {
    std::size_t at;
    std::string_view what;
    std::size_t most;
};

// Brackets and commas outside of strings. What is no JSON is left to the parser, which stops at the
// first mistake.
std::optional<TooMuch> too_much(std::string_view text) {
    std::size_t depth = 0, values = 1;
    bool in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        switch (text[at]) {
            case '"': in_string = !in_string; break;
            case '\\': at += in_string ? 1 : 0; break;
            case '[':
            case '{':
                if (in_string) break;
                ++values;
                if (++depth > kMaxJsonDepth)
                    return TooMuch{at, "levels of brackets", kMaxJsonDepth};
                break;
            case ']':
            case '}': depth -= !in_string && depth > 0 ? 1 : 0; break;
            case ',': values += in_string ? 0 : 1; break;
            default: break;
        }
        if (values > kMaxJsonValues) return TooMuch{at, "values", kMaxJsonValues};
    }
    return std::nullopt;
}

std::string place_of(std::string_view file_name, std::string_view text, std::size_t byte) {
    const std::string_view before = text.substr(0, std::min(byte, text.size()));
    return fmt::format("{}:{}", file_name, 1 + std::count(before.begin(), before.end(), '\n'));
}

}  // namespace

Result<ReportJson> parse_json(std::string_view text, std::string_view file_name,
                              std::string_view remedy) {
    if (const auto wrong = too_much(text))
        return user_error(fmt::format("more than {} {}", wrong->most, wrong->what),
                          place_of(file_name, text, wrong->at), std::string(remedy));
    try {
        return ReportJson::parse(text);
    } catch (const ReportJson::parse_error& error) {
        return user_error(error.byte >= text.size() ? "not JSON: it ends too early" : "not JSON",
                          place_of(file_name, text, error.byte), std::string(remedy));
    } catch (const ReportJson::exception& error) {
        // A number that no double holds.
        return user_error(fmt::format("not JSON: {}", printable(error.what())),
                          std::string(file_name), std::string(remedy));
    }
}

}  // namespace uprobesim
