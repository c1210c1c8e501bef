// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/views/hit_place.h"

#include "probes/hit/probe_state.h"

namespace uprobesim {

std::optional<HitPlace> hit_place(const Uprobes& uprobes, const Task& task, VAddr pc) {
    const Process& process = *task.process;
    if (process.mm == nullptr) return std::nullopt;
    const UprobeTask* state = find_state(task);
    if (state != nullptr && state->active != nullptr)
        return HitPlace{state->active, state->vaddr, false, true};
    if (const Uprobe* uprobe = uprobes.at(process, pc)) return HitPlace{uprobe, pc};
    if (state == nullptr || state->returns.empty()) return std::nullopt;
    const ProcessProbes* probes = find_probes(process);
    if (probes == nullptr || !probes->area || pc != probes->area->trampoline()) return std::nullopt;
    const ReturnInstance& call = state->returns.innermost();
    return HitPlace{call.uprobe, call.caller, true};
}

bool is_stepping(const Task& task) {
    if (task.process->mm == nullptr) return false;
    const UprobeTask* state = find_state(task);
    return state != nullptr && state->active != nullptr;
}

}  // namespace uprobesim
