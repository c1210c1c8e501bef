// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/loader/script.h"

namespace uprobesim {

std::optional<ScriptLine> parse_script_line(std::string_view head) {
    constexpr std::string_view kBlanks = " \t";
    if (!is_script(head)) return std::nullopt;
    const bool whole_file = head.size() < kScriptHeadSize;
    std::string_view line = head.substr(2);
    const auto end = line.find_first_of(std::string_view("\n\0", 2));
    const bool has_end = end != std::string_view::npos || whole_file;
    if (end != std::string_view::npos) line = line.substr(0, end);

    const auto begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return std::nullopt;
    line.remove_prefix(begin);
    const auto name_end = line.find_first_of(kBlanks);
    // The end of the buffer may have cut off the name.
    if (name_end == std::string_view::npos && !has_end) return std::nullopt;
    ScriptLine script{.interpreter = std::string(line.substr(0, name_end)),
                      .argument = std::nullopt};
    if (name_end == std::string_view::npos) return script;
    line.remove_prefix(name_end);
    const auto argument = line.find_first_not_of(kBlanks);
    if (argument == std::string_view::npos) return script;
    line.remove_prefix(argument);
    script.argument = std::string(line.substr(0, line.find_last_not_of(kBlanks) + 1));
    return script;
}

}  // namespace uprobesim
