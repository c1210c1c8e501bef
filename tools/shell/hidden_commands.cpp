// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/shell/hidden_commands.h"

#include <fmt/format.h>

#include "tools/cli/exit_code.h"
#include "tools/cli/refusal.h"
#include "tools/commands/commands.h"
#include "tools/commands/run_endings.h"
#include "tools/shell/complete.h"
#include "tools/shell/manual.h"

namespace uprobesim {
namespace {

void print_lines(const Words& lines) {
    for (const std::string& line : lines) fmt::print("{}\n", line);
}

int print_manual(const Words& words) {
    if (words.size() == 1) {
        print_lines(manual_pages(commands()));
        return kExitSuccess;
    }
    const std::string text = manual(commands(), words[1]);
    if (text.empty()) return refuse({"no such manual page", words[1], "see uprobesim manual"});
    fmt::print("{}", text);
    return kExitSuccess;
}

}  // namespace

std::optional<int> run_hidden_command(const Words& words, const OptionDefaults& defaults) {
    if (words.size() >= 2 && words[0] == "complete" && words[1] == "--") {
        print_lines(complete(commands(), Words(words.begin() + 2, words.end()), defaults));
        return kExitSuccess;
    }
    if (!words.empty() && words[0] == "manual") return print_manual(words);
    if (words.size() == 3 && words[0] == "endings")
        return run_endings(words[1], words[2], defaults);
    return std::nullopt;
}

}  // namespace uprobesim
