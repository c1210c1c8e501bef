// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/files/proc_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "kernel_model/spaces/user_namespace.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

struct HideWord {
    ProcOptions::Hide hide;
    std::string_view word;
};
constexpr HideWord kHideWords[] = {{ProcOptions::Off, "off"},
                                   {ProcOptions::NoAccess, "noaccess"},
                                   {ProcOptions::Invisible, "invisible"},
                                   {ProcOptions::NotPtraceable, "ptraceable"}};

std::optional<std::uint32_t> number_of(std::string_view text) {
    std::uint32_t number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

// proc_parse_hidepid_param: a number or a word.
std::optional<ProcOptions::Hide> hide_of(std::string_view value) {
    const auto number = number_of(value);
    for (const HideWord& row : kHideWords) {
        if (number ? *number == row.hide : value == row.word) return row.hide;
    }
    return std::nullopt;
}

SysResult<void> put_option(SysCall& call, ProcOptions& options, std::string_view option) {
    const std::size_t equals = option.find('=');
    const std::string_view name = option.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : option.substr(equals + 1);
    if (name == "hidepid") {
        const auto hide = hide_of(value);
        if (!hide) return tl::make_unexpected(Errno::Inval);
        options.hide = *hide;
        return {};
    }
    if (name == "gid") {
        const auto given = number_of(value);
        const auto group = given ? group_outside(call.cred().space, *given) : std::nullopt;
        if (!group) return tl::make_unexpected(Errno::Inval);
        options.gid = *group;
        return {};
    }
    if (name != "subset" || value != "pid") return tl::make_unexpected(Errno::Inval);
    options.only_processes = true;
    return {};
}

}  // namespace

bool is_proc_option(std::string_view name) {
    return name == "hidepid" || name == "gid" || name == "subset";
}

SysResult<ProcOptions> proc_options(SysCall& call, std::string_view text, ProcOptions before) {
    while (!text.empty()) {
        const std::string_view option = text.substr(0, text.find(','));
        text.remove_prefix(std::min(option.size() + 1, text.size()));
        if (!option.empty()) TRY(put_option(call, before, option));
    }
    return before;
}

std::string shown_proc_options(const ProcOptions& options) {
    std::string text;
    if (options.gid != 0) text += fmt::format(",gid={}", options.gid);
    for (const HideWord& row : kHideWords) {
        if (row.hide == options.hide && row.hide != ProcOptions::Off)
            text += fmt::format(",hidepid={}", row.word);
    }
    return text + (options.only_processes ? ",subset=pid" : "");
}

SysResult<void> remount_proc(SysCall& call, SuperBlock& super, std::string_view text) {
    const auto place = Mounts::in_proc(super.inner);
    const auto options = TRY(proc_options(call, text, place ? place->options : ProcOptions{}));
    call.kernel.files().mounts()->change_proc(super, options);
    super.options = shown_proc_options(options);
    return {};
}

}  // namespace uprobesim
