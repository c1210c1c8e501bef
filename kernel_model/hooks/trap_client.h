// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's calls into the uprobe core, in the kernel's own order. Implemented in probes/.
#pragma once

#include <cstdint>

#include "kernel_model/memory/vma.h"
#include "kernel_model/task/process.h"
#include "sim/cost/shared_lines.h"

namespace uprobesim {

class TrapClient {
public:
    virtual ~TrapClient() = default;

    // Whether BRK #imm from EL0, with pc at the BRK, belongs to the probe layer. If so, its
    // exception is charged to the probe's account; else the kernel raises SIGTRAP.
    virtual bool owns_brk(const Task&, std::uint16_t imm) const = 0;
    virtual bool owns_step(const Task&) const = 0;
    // Whether the page was mapped by the probe layer, for slots and the trampoline.
    virtual bool owns_page(const Process&, VAddr) const = 0;
    // A BRK or software step of the probe layer; after a step pc is at the next instruction. Sets
    // TIF_UPROBE.
    virtual void on_brk(Task&, std::uint16_t imm) = 0;
    virtual void on_step(Task&) = 0;
    // Exit work for TIF_UPROBE (uprobe_notify_resume). The flag is already cleared.
    virtual void notify_resume(Task&) = 0;
    // Before a signal is delivered (uprobe_deny_signal). True: not now.
    virtual bool deny_signal(Task&) = 0;
    // A leg is over that was of the probe `subject` (Legs::subject); `use` of all lines together.
    virtual void leg_over(TaskId, std::uint32_t subject, const LineUse& use) = 0;
    // As of MmObserver: a mapping of a file was made or has got other bounds; a range is about to
    // be unmapped (value: breakpoints' pages in it); a range became executable by mprotect.
    virtual void on_map(Process&, const Vma&) = 0;
    virtual std::uint64_t on_unmap(Process&, VRange) = 0;
    virtual void on_executable(Process&, VRange) = 0;
    // After clone. The child is a thread, or the first task of a process that has a copy of the
    // memory or shares its parent's (`vfork`).
    virtual void on_clone(Task& parent, Task& child, bool vfork) = 0;
    virtual void on_exec(Process&) = 0;
    virtual void on_task_exit(Task&) = 0;
    // The last task of a memory leaves it, by exit or exec.
    virtual void on_memory_end(Task&, Mm&) = 0;
};

}  // namespace uprobesim
