// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/audit/insn_form.h"

#include <algorithm>
#include <cctype>

#include "sim/base/text.h"

namespace uprobesim {
namespace {
bool in_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// x0, w19, d8, v31; not x29 and x30.
bool is_plain_register(std::string_view word) {
    constexpr std::string_view kFiles = "xwbhsdqv";
    if (word.size() < 2 || word.size() > 3 || kFiles.find(word[0]) == kFiles.npos) return false;
    return std::all_of(word.begin() + 1, word.end(), is_digit) && word != "x29" && word != "x30";
}

std::string mnemonic_form(std::string_view mnemonic) {
    for (const std::string_view conditional : {"b.", "bc."}) {
        if (mnemonic.starts_with(conditional)) return std::string(conditional) + "cond";
    }
    return std::string(mnemonic);
}

}  // namespace

std::string insn_form(std::string_view disassembly) {
    const std::size_t space = std::min(disassembly.find(' '), disassembly.size());
    const std::string_view mnemonic = disassembly.substr(0, space);
    if (mnemonic == ".word") return ".word N";
    std::string form = mnemonic_form(mnemonic);
    for (std::size_t at = space; at < disassembly.size();) {
        const char c = disassembly[at];
        std::size_t end = at + 1;
        if (c == '#') {
            const bool negative = end < disassembly.size() && disassembly[end] == '-';
            if (negative) ++end;
            while (end < disassembly.size() &&
                   (in_word(disassembly[end]) || disassembly[end] == '.'))
                ++end;
            form += negative ? "#-N" : "#N";
        } else if (in_word(c)) {
            while (end < disassembly.size() && in_word(disassembly[end])) ++end;
            const std::string_view word = disassembly.substr(at, end - at);
            if (is_plain_register(word)) {
                form += word[0];
                form += 'N';
            } else {
                form += word;
            }
        } else {
            form += c;
        }
        at = end;
    }
    return form;
}

}  // namespace uprobesim
