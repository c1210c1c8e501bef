// SPDX-License-Identifier: GPL-2.0-or-later
// The state of the probe layer per task and per address space: the kernel's struct uprobe_task and
// struct uprobes_state.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "kernel_model/task/process.h"
#include "probes/hit/return_stack.h"
#include "probes/slots/xol_area.h"
#include "sim/base/units.h"

namespace uprobesim {

enum class StepState { Running, Sstep, SstepAck, SstepTrapped };

struct UprobeTask final : TaskExtension {
    bool created = false;  // its creation is charged at the first hit
    StepState state = StepState::Running;
    VAddr vaddr;               // the probed address
    VAddr xol_vaddr;           // the slot
    std::size_t slot = 0;      // index in the XOL area or in the shared page
    bool keeps_slot = false;   // the slot belongs to the uprobe, not to the hit
    bool shared_slot = false;  // the slot belongs to all processes
    Uprobe* active = nullptr;  // uprobe being stepped
    ReturnStack returns;
};

// Includes a cache of lookups, which saves host time only: the lookup is charged by its kernel
// path.
struct ProcessProbes final : MmExtension {
    bool has_uprobes = false;  // MMF_HAS_UPROBES
    std::optional<XolArea> area;
    std::optional<VAddr> shared_slots;  // address of the mapping
    // The slots of uprobes, in kernels that give each uprobe its own.
    std::map<const Uprobe*, std::size_t> kept_slots;
    // Placed, but the mapping of its semaphore is not made yet; in the order of placing.
    std::vector<const Uprobe*> delayed;
    // Copies of text pages that are not on the LRU lists yet, and those of them that the next
    // breakpoint of their page has replaced: both are settled a batch at a time.
    std::uint64_t copied = 0;
    std::uint64_t replaced = 0;
    // Numbers of pages copied for a mapping that was not executable.
    std::set<std::uint64_t> not_synchronised;
    struct Line {
        std::uint64_t pc = 0;
        Uprobe* uprobe = nullptr;
    };
    std::array<Line, 1024> cache{};
    Line& line(VAddr pc) { return cache[(pc.value >> 2) % cache.size()]; }
    const Line& line(VAddr pc) const { return cache[(pc.value >> 2) % cache.size()]; }
};

// Whether the word at `pc` is the kernel's breakpoint; false where no page is present.
bool has_breakpoint(Mm& mm, VAddr pc);

inline UprobeTask& state_of(Task& task) {
    if (!task.extension) task.extension = std::make_unique<UprobeTask>();
    return static_cast<UprobeTask&>(*task.extension);
}
// Null: the task has had no hit, or the process has no probes.
inline const UprobeTask* find_state(const Task& task) {
    return static_cast<const UprobeTask*>(task.extension.get());
}
inline const ProcessProbes* find_probes(const Process& process) {
    return static_cast<const ProcessProbes*>(process.mm->extension.get());
}
inline ProcessProbes& probes_of(Process& process) {
    if (!process.mm->extension) process.mm->extension = std::make_unique<ProcessProbes>();
    return static_cast<ProcessProbes&>(*process.mm->extension);
}

}  // namespace uprobesim
