// SPDX-License-Identifier: GPL-2.0-or-later
// Names as a hostile guest chooses them, and what must be true of any report that has them.
#pragma once

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/format/document_writers.h"
#include "tools/format/text_width.h"

namespace uprobesim {

// Texts of all lengths up to 4 KB: of one long word, of many words, of blanks, with control
// characters, wide and combining characters, marks of Markdown, formulas, and bytes that are no
// UTF-8.
class HostileNames {
public:
    explicit HostileNames(std::uint32_t seed) : state_(seed) {}

    std::string name() {
        constexpr std::size_t kLengths[] = {0, 1, 5, 17, 40, 60, 99, 100, 101, 200, 300, 4096};
        const std::size_t length = kLengths[below(std::size(kLengths))];
        const std::size_t kind = below(5);
        std::string text = below(8) == 0 ? std::string(1, "=+-@\t\r"[below(6)]) : std::string();
        while (text.size() < length) text += piece(kind);
        return text;
    }
    std::uint64_t number() { return std::uint64_t{random()} << below(32) >> below(32); }
    std::size_t below(std::size_t n) { return random() % n; }

private:
    std::string piece(std::size_t kind) {
        switch (kind) {
            case 0: return std::string(1, static_cast<char>('a' + below(26)));
            case 1: return below(6) == 0 ? " " : std::string(1, static_cast<char>('a' + below(26)));
            case 2: return std::string(1, static_cast<char>(below(256)));
            case 3: return below(2) == 0 ? "\xe6\xbc\xa2" : below(2) == 0 ? "\xcc\x81" : "  ";
            default: return std::string(1, "|*_`<>[]\\\"',;:/\n"[below(16)]);
        }
    }
    // Knuth's MMIX generator; its high bits are the good ones.
    std::uint32_t random() {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::uint32_t>(state_ >> 33);
    }
    std::uint64_t state_;
};

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

inline std::string without_colors(const std::string& text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\x1b')
            at = text.find('m', at);
        else
            plain += text[at];
    }
    return plain;
}

// Every line fits, has no blanks at its end and nothing a terminal obeys; colours change nothing
// but colours.
inline void check_text_fits(const Document& document) {
    for (const bool all : {false, true}) {
        const std::string text = document_text(document, {.all = all});
        for (const std::string& line : lines_of(text)) {
            INFO(line);
            REQUIRE(columns_of(line) <= 100);
            REQUIRE(visible(line) == line);
            REQUIRE((line.empty() || line.back() != ' '));
        }
        REQUIRE(without_colors(document_text(document, {.all = all, .color = true})) == text);
    }
}

// As a reader of RFC 4180 takes it apart; every row has the fields of the header.
inline std::vector<std::vector<std::string>> csv_fields(const std::string& csv) {
    std::vector<std::vector<std::string>> rows(1, {""});
    bool quoted = false;
    for (std::size_t at = 0; at < csv.size(); ++at) {
        std::string& field = rows.back().back();
        if (quoted && csv.compare(at, 2, "\"\"") == 0) {
            field += csv[at++];
        } else if (csv[at] == '"') {
            REQUIRE((quoted || field.empty()));
            quoted = !quoted;
        } else if (!quoted && csv[at] == ',') {
            rows.back().emplace_back();
        } else if (!quoted && csv.compare(at, 2, "\r\n") == 0) {
            rows.emplace_back(1, "");
            ++at;
        } else {
            field += csv[at];
        }
    }
    REQUIRE_FALSE(quoted);
    rows.pop_back();
    for (const auto& row : rows) REQUIRE(row.size() == rows.front().size());
    return rows;
}

}  // namespace uprobesim
