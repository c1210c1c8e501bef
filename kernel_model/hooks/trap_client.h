// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's calls into the uprobe core, in the kernel's own order. Implemented in probes/.
#pragma once

#include <cstdint>

#include "kernel_model/memory/vma.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

class TrapClient {
public:
    virtual ~TrapClient() = default;

    // BRK #imm from EL0; pc is the BRK. True: ours (TIF_UPROBE was set). False: the kernel raises
    // SIGTRAP.
    virtual bool on_brk(Task&, std::uint16_t imm) = 0;
    // Software step exception; pc is the next instruction. True: ours.
    virtual bool on_step(Task&) = 0;
    // Exit work for TIF_UPROBE (uprobe_notify_resume). The flag is already cleared.
    virtual void notify_resume(Task&) = 0;
    // Before a signal is delivered (uprobe_deny_signal). True: not now.
    virtual bool deny_signal(Task&) = 0;
    // A file mapping that may hold probes was made / a range is about to be unmapped.
    virtual void on_map(Process&, const Vma&) = 0;
    virtual void on_unmap(Process&, VRange) = 0;
    // After clone. The child is a thread, the first task of a process with a copy of the memory, or
    // of one that borrows it (`vfork`).
    virtual void on_clone(Task& parent, Task& child, bool vfork) = 0;
    virtual void on_exec(Process&) = 0;
    virtual void on_task_exit(Task&) = 0;
};

}  // namespace uprobesim
