// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/resume_words.h"

#include "tools/gdb/wire/packet.h"

namespace uprobesim {
namespace {

std::optional<ResumeAction> parse_action(std::string_view text) {
    ResumeAction action;
    std::string_view what = take_until(text, ':');
    if (!text.empty()) {
        const auto thread = parse_gdb_thread(text);
        if (!thread) return std::nullopt;
        action.thread = *thread;
    }
    if (what.empty()) return std::nullopt;
    const char kind = what.front();
    what.remove_prefix(1);
    action.steps = kind == 's' || kind == 'S' || kind == 'r';
    if (kind == 'C' || kind == 'S') {
        const auto number = hex_number(what);
        if (!number) return std::nullopt;
        action.signal = signal_of_gdb(*number);
        return action;
    }
    if (kind == 'r') {
        const auto begin = hex_number(take_until(what, ',')), end = hex_number(what);
        if (!begin || !end || *begin > *end) return std::nullopt;
        action.range = {VAddr(*begin), VAddr(*end)};
        return action;
    }
    if ((kind != 'c' && kind != 's') || !what.empty()) return std::nullopt;
    return action;
}

}  // namespace

std::optional<std::vector<ResumeAction>> parse_resume(std::string_view actions) {
    std::vector<ResumeAction> all;
    for (const std::string_view part : split(actions, ';')) {
        const auto action = parse_action(part);
        if (!action) return std::nullopt;
        all.push_back(*action);
    }
    return all;
}

}  // namespace uprobesim
