// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/shell/manual.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "tools/cli/build_info.h"

namespace uprobesim {
namespace {

constexpr std::string_view kOverview =
    R"(uprobesim runs unmodified arm64 Linux programs on a simulated machine with a modelled Linux kernel,
places uprobes in them, and reports what the probes cost and why: every instruction at EL0 and every
exception is counted, and the kernel's work is charged by named path. Times are simulated, never
measured; the same command prints the same bytes on every host.)";

constexpr std::string_view kFirstExample =
    "uprobesim compare -p 'uprobe:/bin/grep:*' /bin/grep -c GNU /usr/share/common-licenses/GPL-3";

constexpr std::string_view kProbes =
    R"(A probe is uprobe:BINARY:PLACE[,PLACE...], or uretprobe: in front to catch the return. BINARY is a
path in the guest. PLACE is a symbol (malloc), a symbol and an offset (malloc+8), a file offset
(0xbaa0), or a pattern with * or ? (str*). Functions of stripped programs are named
fn_OFFSET.)";

struct Entry {
    std::string_view name;
    std::string_view meaning;
};
constexpr Entry kEnvironment[] = {
    {"UPROBESIM_SYSROOT", "The folder that guests see as / where --root names no other."},
    {"XDG_CACHE_HOME",
     "uprobesim sysroot fetch puts Debian's arm64 programs into uprobesim/sysroot in this folder. "
     "Default: ~/.cache."},
    {"UPROBESIM_MIRROR", "A Debian mirror for uprobesim sysroot fetch."},
    {"UPROBESIM_ENGINE",
     "plain: use the CPU engine by its interface only, as where its code cannot be edited. Slower, "
     "with the same results."},
    {"NO_COLOR", "Set to anything: no colours where --color does not ask for them."},
};
constexpr Entry kExitStatus[] = {
    {"0", "Success. run: the guest's program returned 0. compare: all runs behaved the same."},
    {"1", "compare: the runs differ. doctor: something that is needed is missing."},
    {"2", "A usage error: an option, a profile or a probe. One line on stderr names it."},
    {"3",
     "The host failed: memory, a full disk, output that cannot be written (a closed or full stdout "
     "or "
     "stderr, a broken pipe), or the engine. One line on stderr says what, if it can be written."},
    {"125", "The simulation ended before the program: --max-insns, --max-sim-time, or a deadlock."},
    {"126, 127", "The program cannot be executed; was not found."},
    {"130, 143", "SIGINT or SIGTERM ended the run; the report covers it up to then."},
};

// Text as scdoc takes it: nothing in it is formatting.
std::string plain(std::string_view text) {
    std::string escaped;
    bool line_begins = true;
    for (const char c : text) {
        const bool special =
            std::string_view("\\*_").find(c) != std::string_view::npos ||
            (line_begins && std::string_view("#|[]-.:;>~`").find(c) != std::string_view::npos);
        if (special) escaped += '\\';
        escaped += c;
        line_begins = c == '\n';
    }
    return escaped;
}

std::string literal(std::string_view lines) {
    return fmt::format("```\n{}\n```\n", lines);
}

std::string heading(std::string_view title, std::string_view meaning) {
    std::string upper(title);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return fmt::format("{}(1) \"\" \"uprobesim {}\"\n\n# NAME\n\n{} - {}\n", title, tool_version(),
                       title, plain(meaning));
}

std::string options_part(const OptionTable& table) {
    std::string text;
    std::string section;
    for (const OptionRow& row : table.rows()) {
        if (row.hidden) continue;
        if (row.section != section) {
            section = row.section;
            std::string title = section;
            std::transform(title.begin(), title.end(), title.begin(), [](char c) {
                return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
            });
            text += fmt::format("\n# {}\n", title);
        }
        text += "\n";
        if (row.letter != 0) text += fmt::format("*-{}*, ", row.letter);
        text += fmt::format("*--{}*", row.name);
        if (!row.alias.empty()) text += fmt::format(", *--{}*", row.alias);
        if (!row.value.empty()) text += " " + plain(row.value);
        text += fmt::format("\n\t{}\n", plain(row.meaning));
    }
    return text;
}

std::string see_also(std::span<const Command> commands, std::string_view without) {
    std::string text = "\n# SEE ALSO\n\n";
    if (!without.empty()) text += "*uprobesim*(1)";
    for (const Command& command : commands) {
        if (command.name == without) continue;
        text += fmt::format("{}*uprobesim-{}*(1)", text.ends_with(')') ? ", " : "", command.name);
    }
    return text + "\n";
}

template <std::size_t N>
std::string entries_part(std::string_view title, const Entry (&entries)[N]) {
    std::string text = fmt::format("\n# {}\n", title);
    for (const Entry& entry : entries)
        text += fmt::format("\n*{}*\n\t{}\n", plain(entry.name), plain(entry.meaning));
    return text;
}

std::string tool_page(std::span<const Command> commands) {
    std::string text = heading("uprobesim", "tell what uprobes cost on arm64, by simulation");
    text +=
        "\n# SYNOPSIS\n\n*uprobesim* COMMAND \\[options\\] \\[words\\]++\n"
        "*uprobesim* COMMAND --help++\n*uprobesim* --version\n";
    text += fmt::format("\n# DESCRIPTION\n\n{}\n", plain(kOverview));
    text += "\n# COMMANDS\n";
    for (const Command& command : commands)
        text += fmt::format("\n*uprobesim-{}*(1)\n\t{}\n", command.name, plain(command.meaning));
    text += fmt::format("\n# PROBES\n\n{}\n", plain(kProbes));
    text += fmt::format("\n# EXAMPLE\n\n{}", literal(kFirstExample));
    text += entries_part("ENVIRONMENT", kEnvironment);
    text += entries_part("EXIT STATUS", kExitStatus);
    return text + see_also(commands, "");
}

std::string command_page(std::span<const Command> commands, const Command& command) {
    std::string text = heading(fmt::format("uprobesim-{}", command.name), command.meaning);
    text += "\n# SYNOPSIS\n\n";
    for (std::size_t i = 0; i < command.help.usage.size(); ++i) {
        text += fmt::format("*uprobesim {}* {}{}\n", command.name, plain(command.help.usage[i]),
                            i + 1 < command.help.usage.size() ? "++" : "");
    }
    text += fmt::format("\n# DESCRIPTION\n\n{}\n", plain(command.help.description));
    if (!command.sub_commands.empty()) text += "\n# SUB-COMMANDS\n";
    for (const SubCommand& sub : command.sub_commands) {
        text += fmt::format("\n*{}*{}{}\n\t{}\n", sub.name, sub.synopsis.empty() ? "" : " ",
                            plain(sub.synopsis), plain(sub.meaning));
    }
    text += options_part(command.options());
    if (!command.help.examples.empty())
        text += fmt::format("\n# EXAMPLES\n\n{}", literal(command.help.examples));
    if (!command.help.exit_status.empty())
        text += fmt::format("\n# EXIT STATUS\n\n{}", literal(command.help.exit_status));
    return text + see_also(commands, command.name);
}

}  // namespace

Words manual_pages(std::span<const Command> commands) {
    Words pages{"uprobesim"};
    for (const Command& command : commands)
        pages.push_back(fmt::format("uprobesim-{}", command.name));
    return pages;
}

std::string manual(std::span<const Command> commands, std::string_view page) {
    if (page == "uprobesim") return tool_page(commands);
    for (const Command& command : commands) {
        if (page == fmt::format("uprobesim-{}", command.name))
            return command_page(commands, command);
    }
    return "";
}

}  // namespace uprobesim
