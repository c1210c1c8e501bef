// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/commands/command_help.h"

#include <fmt/format.h>

#include <sstream>

#include "tools/commands/commands.h"

namespace uprobesim {
namespace {

constexpr std::string_view kIntroduction =
    "uprobesim runs arm64 Linux programs on a simulated machine and reports what a uprobe costs, "
    "and why.";

constexpr std::string_view kTool = R"(
First example:
  uprobesim compare -p 'uprobe:/bin/grep:*' /bin/grep -c GNU /usr/share/common-licenses/GPL-3

PROGRAM is a path in the guest's file tree (--root), or a name that is searched for in the guest's
PATH. All words after it are the program's arguments. SCENARIO is several programs in one simulation
(see uprobesim scenario --help); options may stand before and after it. The program's output goes
to stdout and stderr; the report of run and compare goes to stderr, or to a file with -o.

Exit status:
  run      the program's own, or 128 + N if signal N terminated it
  compare  0 if all runs behaved the same, 1 if not
  both     2         usage error: option, profile or probe; one line on stderr names it
           3         host failure: memory, a full disk, output that cannot be written
           125       the simulation ended before the program: --max-insns, --max-sim-time, a
                     deadlock, or a scenario's program was not ready in time (--ready-timeout)
           126       PROGRAM cannot be executed
           127       PROGRAM was not found
           130, 143  SIGINT (Ctrl-C) or SIGTERM ended the run; the report covers it up to then
)";

std::string indented(std::string_view lines) {
    std::string text;
    std::istringstream in{std::string(lines)};
    for (std::string line; std::getline(in, line);)
        text += line.empty() ? "\n" : "  " + line + "\n";
    return text;
}

}  // namespace

std::string tool_help() {
    std::string text = fmt::format(
        "{}\n\nusage: uprobesim COMMAND [options] [words]\n"
        "       uprobesim COMMAND --help    options and examples of one command\n"
        "       uprobesim --version\n\nCommands:\n",
        kIntroduction);
    for (const Command& command : commands())
        text += fmt::format("  {:<10} {}\n", command.name, command.meaning);
    return text + std::string(kTool);
}

std::string command_help(const Command& command) {
    std::string text;
    for (const std::string_view usage : command.help.usage) {
        text += fmt::format("{} uprobesim {} {}\n", text.empty() ? "usage:" : "      ",
                            command.name, usage);
    }
    text += fmt::format("\n{}\n", command.help.description);
    if (!command.sub_commands.empty()) text += "\nSub-commands:\n";
    for (const SubCommand& sub : command.sub_commands)
        text += fmt::format("  {:<6} {:<10} {}\n", sub.name, sub.synopsis, sub.meaning);
    text += fmt::format("\nExamples:\n{}", indented(command.help.examples));
    if (!command.help.exit_status.empty())
        text += fmt::format("\nExit status:\n{}", indented(command.help.exit_status));
    return fmt::format("{}\n{}", text, option_text(command.options()));
}

}  // namespace uprobesim
