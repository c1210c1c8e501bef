// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/strace/abi_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace uprobesim {

std::string flags_text(std::span<const NamedValue> names, std::uint64_t value,
                       std::string_view none) {
    std::string text;
    const auto add = [&](std::string_view part) {
        if (!text.empty()) text += '|';
        text += part;
    };
    for (const NamedValue& n : names) {
        if (n.value == 0 || (value & n.value) != n.value) continue;
        add(n.name);
        value &= ~n.value;
    }
    if (value != 0) add(fmt::format("0x{:x}", value));
    return text.empty() ? std::string(none) : text;
}

std::string_view value_name(std::span<const NamedValue> names, std::uint64_t value) {
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const NamedValue& n) { return n.value == value; });
    return found == names.end() ? std::string_view() : found->name;
}

std::string value_text(std::span<const NamedValue> names, std::uint64_t value) {
    const std::string_view name = value_name(names, value);
    return name.empty() ? fmt::format("0x{:x}", value) : std::string(name);
}

}  // namespace uprobesim
