// SPDX-License-Identifier: GPL-2.0-or-later
// One command of the tool as data: what it says of itself, its options, and what it does. --help,
// shell completion, manual pages and parsing read the same rows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "tools/cli/command_line.h"
#include "tools/sysroot/host_places.h"

namespace uprobesim {

// What the environment sets. It comes in by argument: nothing here asks the host.
struct OptionDefaults {
    std::string root;              // the guest's file tree without --root
    bool no_color = false;         // NO_COLOR
    HostPlaces host = {};          // where sysroots are looked up
    std::string search_path = {};  // PATH
};

struct CommandHelp {
    std::vector<std::string_view> usage;  // what follows "uprobesim NAME", one form each
    std::string_view description;         // paragraphs
    std::string_view examples;            // one command a line
    std::string_view exit_status;         // "STATUS meaning" lines; empty: those of the tool's help
};

struct SubCommand {
    std::string_view name;
    std::string_view synopsis;  // what follows the name
    std::string_view meaning;
};

struct Command {
    std::string_view name;
    std::string_view meaning;  // half a line, for the list of commands
    CommandHelp help;
    std::vector<SubCommand> sub_commands{};  // its first word, where there are any
    ValueSource words = ValueSource::Free;   // what its words other than options are
    RestOfWords rest = RestOfWords::Mixed;
    bool (*is_scenario)(std::string_view word) = nullptr;  // see CommandSyntax
    std::string_view program_needs{};                      // see CommandSyntax
    OptionTable (*options)() = nullptr;
    // Returns the tool's exit status, or the user's mistake. --help is dealt with before.
    Result<int> (*run)(const CommandLine& line, const OptionDefaults& defaults) = nullptr;
};

}  // namespace uprobesim
