// SPDX-License-Identifier: GPL-2.0-or-later
// What the last word of a command line can become. The words come from the tables that parsing and
// --help read, so a new option, command or profile needs nothing here. A shell asks for it by
// `uprobesim complete -- WORDS...` (tools/completion/uprobesim.bash).
#pragma once

#include <span>

#include "tools/request/command.h"

namespace uprobesim {

// Candidates for the whole last word, which may be empty. One that ends in '/', ':', '=' or ',' may
// be continued. "@files" and "@folders" stand for those of the host, which the shell lists itself.
Words complete(std::span<const Command> commands, const Words& words,
               const OptionDefaults& defaults);

}  // namespace uprobesim
