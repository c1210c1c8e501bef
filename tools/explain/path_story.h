// SPDX-License-Identifier: GPL-2.0-or-later
// What a kernel path is in a hit: the kind of work that it belongs to, and the functions of the
// kernel that it stands for.
#pragma once

#include <array>
#include <string_view>

#include "sim/profile/kernel_path.h"

namespace uprobesim {

// What the cycles of a hit or an exception are spent on, in the order of a bill.
enum class WorkKind {
    User,
    Hardware,
    EntryExit,
    Lookup,
    Consumers,
    Emulation,
    Slot,
    CacheMaintenance,
    Step,
    SystemCall,
    Fault,
    Signal,
    Scheduling,
    Other,
    kCount
};

struct WorkKindInfo {
    WorkKind kind;
    std::string_view name;
    std::string_view meaning;
};
inline constexpr std::array kWorkKinds = {
    WorkKindInfo{WorkKind::User, "user", "the probed instruction in its slot, at EL0"},
    WorkKindInfo{WorkKind::Hardware, "hardware",
                 "the CPU takes an exception and returns from it (ERET)"},
    WorkKindInfo{WorkKind::EntryExit, "entry-exit",
                 "the kernel's way from the exception vector to the uprobe code, and back to EL0"},
    WorkKindInfo{WorkKind::Lookup, "lookup", "which uprobe is at this address"},
    WorkKindInfo{WorkKind::Consumers, "consumers",
                 "what is called at a hit or a return: a BPF program, perf or ftrace"},
    WorkKindInfo{WorkKind::Emulation, "emulation",
                 "the kernel carries out the probed instruction itself"},
    WorkKindInfo{WorkKind::Slot, "slot", "a slot is taken, written and freed"},
    WorkKindInfo{WorkKind::CacheMaintenance, "cache-maintenance",
                 "the slot's cache line is made visible to instruction fetches"},
    WorkKindInfo{WorkKind::Step, "step",
                 "software step is switched on and off, and its exception is dealt with"},
    WorkKindInfo{WorkKind::SystemCall, "system-call", "the kernel carries out a system call"},
    WorkKindInfo{WorkKind::Fault, "fault",
                 "the kernel deals with a fault: a page is installed, copied or refused"},
    WorkKindInfo{WorkKind::Signal, "signal",
                 "a signal's frame is pushed or taken back, or the process is ended by it"},
    WorkKindInfo{WorkKind::Scheduling, "scheduling",
                 "tasks are switched and woken, and the timer is served"},
    WorkKindInfo{WorkKind::Other, "other", "other work of the kernel"},
};
static_assert(kWorkKinds.size() == static_cast<std::size_t>(WorkKind::kCount));
constexpr std::string_view work_kind_name(WorkKind kind) {
    return kWorkKinds[static_cast<std::size_t>(kind)].name;
}

struct PathStory {
    WorkKind kind = WorkKind::Other;
    // In the order of their first calls, with a blank between; empty: not recorded for this path.
    std::string_view functions;
};
PathStory path_story(KernelPath path);

}  // namespace uprobesim
