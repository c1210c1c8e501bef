// SPDX-License-Identifier: GPL-2.0-or-later
// Several runs of the command `run` that may have one start, for a sweep.
#pragma once

#include <string>

#include "tools/request/command.h"

namespace uprobesim {

// `list`: a file with a line of JSON for each run: {"words": [...], "report": PATH, "log": PATH}.
// The words are those after `run`. What the first one prints goes to this process's own stdout and
// stderr, which is its log. What became of each is written to the file `ends`, a line of JSON each:
//   {"status": 0}          as `run` would exit; its report and its log are complete
//   {"failure": "..."}     its process was killed
//   {"alone": "..."}       it was not made, because its start is another one's
// Returns the exit status of the first.
int run_endings(const std::string& list, const std::string& ends, const OptionDefaults& defaults);

}  // namespace uprobesim
