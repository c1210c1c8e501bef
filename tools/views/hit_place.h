// SPDX-License-Identifier: GPL-2.0-or-later
// Which probe an exception belongs to, and where in the program it stands for.
#pragma once

#include <optional>

#include "probes/hit/uprobes.h"

namespace uprobesim {

struct HitPlace {
    const Uprobe* uprobe = nullptr;
    // The probed address, not the slot's; of a return, the address that is returned to.
    VAddr at;
    bool returns = false;  // of a return, by the trampoline
    bool steps = false;    // its instruction is being stepped
};
// Of a task that is stopped at `pc`, before the probe layer is called. Nothing: no probe's.
std::optional<HitPlace> hit_place(const Uprobes& uprobes, const Task& task, VAddr pc);
// Whether the place would be one that is being stepped, wherever the task goes on.
bool is_stepping(const Task& task);

}  // namespace uprobesim
