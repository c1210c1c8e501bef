// SPDX-License-Identifier: GPL-2.0-or-later
// A run at EL0 in the pieces that a debugger wants. It ends where it would end in one piece.
#pragma once

#include <functional>

#include "kernel_model/hooks/debug_hook.h"

namespace uprobesim {

class Kernel;

struct DebuggedRun {
    Stop stop;
    bool turn_ends = false;  // `ends_turn` said so
};

// `ends_turn`: see RunLoop::ask_at_places; may be empty.
DebuggedRun run_debugged(Kernel& kernel, Task& task, InsnCount bound,
                         const std::function<bool(Task&, VAddr)>& ends_turn);

}  // namespace uprobesim
