// SPDX-License-Identifier: GPL-2.0-or-later
// Commands for programs, not for people: no help lists them.
//   complete -- WORDS...   what the last word can become, one candidate a line (a shell asks)
//   endings LIST ENDS      several runs that may have one start (a sweep asks)
//   manual [PAGE]          a manual page in scdoc(5), or the names of all (the build asks)
#pragma once

#include <optional>

#include "tools/request/command.h"

namespace uprobesim {

// The exit status; nothing if the words are no hidden command.
std::optional<int> run_hidden_command(const Words& words, const OptionDefaults& defaults);

}  // namespace uprobesim
