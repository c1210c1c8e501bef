// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/strace/call_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/base/error.h"
#include "tools/strace/call_structs.h"
#include "tools/strace/errno_text.h"

namespace uprobesim {
namespace {

// System calls that return an address: shmat, brk, mremap, mmap.
constexpr std::array<std::uint32_t, 4> kAddressResults = {196, 214, 216, 222};

void add(std::string& text, const std::string& argument, bool first) {
    if (argument.empty()) return;
    if (!first) text += ", ";
    text += argument;
}

}  // namespace

CallTexts::CallTexts() {
    const auto kind_of = [](std::string_view word) {
        const ArgumentKind* kind = find_kind(word);
        if (kind == nullptr)
            fail_invariant(fmt::format("no kind of argument is called '{}'", word));
        return kind;
    };
    for (const CallRow& row : call_rows()) {
        if (calls_.size() <= row.number) calls_.resize(row.number + 1);
        Call& made = calls_[row.number];
        made.row = &row;
        std::string_view words = row.arguments;
        while (!words.empty()) {
            const std::size_t end = std::min(words.find(' '), words.size());
            std::string_view word = words.substr(0, end);
            auto index = static_cast<unsigned>(made.arguments.size());
            if (word.size() > 2 && word[1] == ':') {
                index = static_cast<unsigned>(word[0] - '0');
                word.remove_prefix(2);
            }
            made.arguments.push_back({index, kind_of(word)});
            words.remove_prefix(std::min(end + 1, words.size()));
        }
        const auto out = std::find_if(made.arguments.begin(), made.arguments.end(),
                                      [](const Argument& a) { return a.kind->out; });
        made.known_at_entry = static_cast<std::size_t>(out - made.arguments.begin());
    }
    for (unsigned i = 0; i < 6; ++i) unknown_.arguments.push_back({i, kind_of("hex")});
    unknown_.known_at_entry = unknown_.arguments.size();
}

const CallTexts::Call& CallTexts::call(std::uint32_t number) const {
    return number < calls_.size() && calls_[number].row != nullptr ? calls_[number] : unknown_;
}

std::string CallTexts::name(std::uint32_t number) const {
    const CallRow* row = call(number).row;
    return row == nullptr ? fmt::format("syscall_0x{:x}", number) : std::string(row->name);
}

std::string CallTexts::entry(std::uint32_t number, CallView& view) const {
    const Call& c = call(number);
    std::string text = name(number) + '(';
    for (std::size_t i = 0; i < c.known_at_entry; ++i)
        add(text, c.arguments[i].kind->text(view, c.arguments[i].index, *c.arguments[i].kind),
            i == 0);
    const bool more = c.known_at_entry != 0 && c.known_at_entry < c.arguments.size();
    return more ? text + ", " : text;
}

std::string CallTexts::rest(std::uint32_t number, CallView& view) const {
    const Call& c = call(number);
    std::string text;
    for (std::size_t i = c.known_at_entry; i < c.arguments.size(); ++i) {
        const auto& [index, kind] = c.arguments[i];
        const bool nothing = kind->out && (view.failed() || view.arguments[index] == 0);
        add(text, nothing ? pointer_text(view.arguments[index]) : kind->text(view, index, *kind),
            i == c.known_at_entry);
    }
    return text;
}

std::string result_text(std::uint32_t number, CallView& view) {
    const std::int64_t value = *view.result;
    if (view.failed()) return fmt::format("= -1 {}", errno_text(-value));
    const bool address =
        std::find(kAddressResults.begin(), kAddressResults.end(), number) != kAddressResults.end();
    if (address) return fmt::format("= 0x{:x}", value);
    const std::string note = result_note(number, view);
    if (note.empty()) return fmt::format("= {}", value);
    const bool flags = note.starts_with("flags ");
    return fmt::format(
        "= {} ({})", flags && value != 0 ? fmt::format("0x{:x}", value) : fmt::format("{}", value),
        note);
}

}  // namespace uprobesim
