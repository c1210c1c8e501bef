// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/hit/user_stack.h"

#include "kernel_model/memory/peek.h"
#include "kernel_model/task/process.h"
#include "sim/machine.h"

namespace uprobesim {
std::uint64_t user_stack_frames(const Task& task, std::uint64_t most) {
    Mm& mm = *task.process->mm;
    std::uint64_t record = mm.machine().cpu->read(task.context, Reg::X29);
    std::uint64_t frames = 1;
    while (frames < most && record != 0 && record % 8 == 0) {
        const auto next = peek_value<std::uint64_t>(mm, VAddr(record));
        const auto link = peek_value<std::uint64_t>(mm, VAddr(record + 8));
        if (!next || !link) break;
        ++frames;
        if (record >= *next) break;  // the stack grows down: callers are above
        record = *next;
    }
    return frames;
}

}  // namespace uprobesim
