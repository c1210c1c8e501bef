// SPDX-License-Identifier: GPL-2.0-or-later
// The first line of a "#!" script, as fs/binfmt_script.c reads it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace uprobesim {

inline constexpr std::size_t kScriptHeadSize = 256;  // BINPRM_BUF_SIZE
inline constexpr int kMaxScriptDepth = 5;

struct ScriptLine {
    std::string interpreter;
    std::optional<std::string> argument;  // the rest of the line is one argument
};

inline bool is_script(std::string_view head) {
    return head.starts_with("#!");
}
// `head`: the file's first kScriptHeadSize bytes, fewer for a shorter file. nullopt: no interpreter
// named, or it does not fit.
std::optional<ScriptLine> parse_script_line(std::string_view head);

}  // namespace uprobesim
