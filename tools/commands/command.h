// SPDX-License-Identifier: GPL-2.0-or-later
// The words after the tool's name, one table row each: what the general help says of it and what it
// does.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "tools/commands/guest_options.h"

namespace uprobesim {

struct Verb {
    std::string_view name;
    std::string_view synopsis;  // what follows the name
    std::string_view meaning;   // half a line
    std::string (*help)();      // the whole of --help
    // The words after the verb's own name, without --help among them only if the verb looks for it
    // itself. Returns the tool's exit status.
    int (*run)(const Words& words, const OptionDefaults& defaults);
};

std::span<const Verb> verbs();
const Verb* find_verb(std::string_view name);

// The whole command line without the tool's own name; returns the exit status.
int run_tool(const Words& words, const OptionDefaults& defaults);

// Prints the refusal and returns its exit status.
int refuse_run(const RunRefused& refused);

}  // namespace uprobesim
