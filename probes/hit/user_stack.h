// SPDX-License-Identifier: GPL-2.0-or-later
// How deep a task's user stack is, as the kernel sees it that follows frame pointers
// (perf_callchain_user).
#pragma once

#include <cstdint>

#include "kernel_model/task/task.h"

namespace uprobesim {

// The pc is one frame, each frame record one more. A function that is probed at its first
// instruction has no record yet: its caller is not in the chain. Counts to `most`; reads without
// charge, and nothing that is not resident.
std::uint64_t user_stack_frames(const Task& task, std::uint64_t most);

}  // namespace uprobesim
