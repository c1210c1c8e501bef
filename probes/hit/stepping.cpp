// SPDX-License-Identifier: GPL-2.0-or-later
// The out-of-line step of a hit: phases A to R1 and E2 to R2 of the table of probes/README.md.
#include <algorithm>

#include "kernel_model/signal/signals.h"
#include "probes/hit/probe_state.h"
#include "probes/hit/steady_hit.h"
#include "probes/hit/uprobes.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t kNotTrapped = ~std::uint64_t{0};  // thread.fault_code before a step

// sig_fatal: the process will execute nothing more. Signals that dump core are not fatal before
// they are delivered.
bool is_fatal(const Task& task, Signal signal) {
    constexpr std::uint64_t kCoreDump = signal_bit(Signal::Quit) | signal_bit(Signal::Ill) |
                                        signal_bit(Signal::Trap) | signal_bit(Signal::Abrt) |
                                        signal_bit(Signal::Fpe) | signal_bit(Signal::Segv) |
                                        signal_bit(Signal::Bus) | signal_bit(Signal::Sys) |
                                        signal_bit(Signal::Xcpu) | signal_bit(Signal::Xfsz);
    if (signal == Signal::Kill) return true;
    return (signal_bit(signal) & (task.sigmask | kCoreDump)) == 0 &&
           task.process->actions[static_cast<std::size_t>(signal)].handler == abi::kSigDfl &&
           default_action(signal) == DefaultAction::Terminate;
}

}  // namespace

XolArea* Uprobes::area_of(Task& task) {
    ProcessProbes& probes = probes_of(*task.process);
    if (!probes.area) create_area(task, VAddr(0));
    return probes.area ? &*probes.area : nullptr;
}

void Uprobes::create_area(Task& task, VAddr where) {
    spend(task, KernelPath::UprobeAreaCreate);
    const bool brk_after_slot = kernel_.machine().kernel_profile.step == StepEnd::BrkAfterSlot;
    auto area = XolArea::create(*task.process->mm, brk_after_slot, where);
    if (area) probes_of(*task.process).area.emplace(std::move(*area));
}

// The slot for the instruction in the page shared by all processes, if there is one.
bool Uprobes::take_shared_slot(Task& task, const Uprobe& uprobe) {
    if (!shared_slots_) return false;
    const auto slot = shared_slots_->find(uprobe.word);
    if (!slot) return false;
    ProcessProbes& probes = probes_of(*task.process);
    if (!probes.shared_slots) {
        probes.shared_slots = shared_slots_->map(*task.process->mm);
        if (!probes.shared_slots) return false;
        spend(task, KernelPath::UprobeSharedMap);
    }
    UprobeTask& state = state_of(task);
    state.slot = *slot;
    state.xol_vaddr = shared_slots_->address(*probes.shared_slots, *slot);
    state.keeps_slot = state.shared_slot = true;
    return true;
}

// Phases A, C and M: choosing the slot and copying the instruction to it.
bool Uprobes::take_slot(Task& task, const Uprobe& uprobe) {
    XolArea* area = area_of(task);
    if (area == nullptr) return false;
    const KernelProfile& kernel = kernel_.machine().kernel_profile;
    auto& kept = probes_of(*task.process).kept_slots;
    UprobeTask& state = state_of(task);
    state.shared_slot = false;
    if (const auto there = kept.find(&uprobe); there != kept.end()) {
        state.keeps_slot = true;
        state.slot = there->second;
    } else {
        spend(task, KernelPath::UprobeSlotGet);  // A
        // One slot is reserved for hits of uprobes that could not get a slot of their own.
        state.keeps_slot = kernel.slots == SlotOwner::Uprobe && area->free_slots() > 1;
        // There are fewer tasks than slots, so one is free.
        const auto slot = area->claim();
        if (!slot) return false;
        state.slot = *slot;
        spend(task, KernelPath::UprobeSlotCopy);  // C
        const bool changed = area->fill(*slot, uprobe.word);
        if (changed || kernel.slot_copy == SlotCopyPolicy::Always) {
            spend(task, KernelPath::UprobeSlotSync);  // M
        }
        if (state.keeps_slot) kept.emplace(&uprobe, *slot);
    }
    state.xol_vaddr = area->address(state.slot);
    return true;
}

bool Uprobes::prepare_step(Task& task, Uprobe& uprobe, VAddr pc) {
    if (!take_shared_slot(task, uprobe) && !take_slot(task, uprobe)) return false;
    UprobeTask& state = state_of(task);
    state.state = StepState::Sstep;
    state.vaddr = pc;
    state.active = &uprobe;
    task.fault_code = kNotTrapped;
    task.step_word = uprobe.word;
    kernel_.machine().cpu->write(task.context, Reg::Pc, state.xol_vaddr.value);
    const bool hardware = kernel_.machine().kernel_profile.step == StepEnd::Hardware;
    task.tif_singlestep = hardware;
    task.runs_slot = !hardware;
    spend(task,
          hardware ? KernelPath::UprobeStepArm : KernelPath::UprobeSlotEnter);  // T R1
    return true;
}

// The task no longer runs in its slot.
void Uprobes::leave_slot(Task& task) {
    UprobeTask& state = state_of(task);
    task.tif_singlestep = task.runs_slot = false;
    if (auto& area = probes_of(*task.process).area; area && !state.keeps_slot)
        area->release(state.slot);
    state.active = nullptr;
    state.state = StepState::Running;
}

void Uprobes::finish_step(Task& task) {
    UprobeTask& state = state_of(task);
    Uprobe& uprobe = *state.active;
    hit_of(uprobe);
    const bool trapped = state.state == StepState::SstepTrapped;
    // After a step pc is set to the next instruction; after a trap, to the breakpoint, which is
    // taken again.
    kernel_.machine().cpu->write(task.context, Reg::Pc,
                                 trapped ? state.vaddr.value : state.vaddr.value + 4);
    const bool kept = state.keeps_slot;
    leave_slot(task);
    if (trapped) {
        spend(task, KernelPath::UprobeStepAbort);
        uprobe.cycles += take_bill(task);
        return;
    }
    spend(task, step_end_path(kernel_.machine().kernel_profile.step, kept));  // F
    spend(task, KernelPath::StepReturn);                                      // R2
    ++uprobe.stepped;
    uprobe.cycles += take_bill(task);
}

// uprobe_deny_signal: no signal is delivered during a step. A signal raised by the stepped
// instruction counts as its trap.
bool Uprobes::deny_signal(Task& task) {
    if (!task.extension) return false;
    UprobeTask& state = state_of(task);
    if (state.active == nullptr || state.state != StepState::Sstep) return false;
    // The instruction has branched out of the 8-byte slot, so no BRK will end the step.
    const std::uint64_t pc = kernel_.machine().cpu->read(task.context, Reg::Pc);
    if (!task.tif_singlestep && pc - state.xol_vaddr.value > 4) {
        leave_slot(task);
        return false;
    }
    const bool trapped = task.fault_code != kNotTrapped;
    bool fatal = false;
    for (std::uint64_t rest = task.pending.set(); rest != 0 && !fatal; rest &= rest - 1)
        fatal = is_fatal(task, lowest_signal(rest));
    if (trapped || fatal) {
        state.state = StepState::SstepTrapped;
        task.tif_uprobe = true;
    }
    return true;
}

bool Uprobes::owns_step(const Task& task) const {
    const UprobeTask* state = find_state(task);
    return state != nullptr && state->active != nullptr && state->state == StepState::Sstep;
}

void Uprobes::on_step(Task& task) {
    spend(task, KernelPath::StepEntry);
    state_of(task).state = StepState::SstepAck;
    task.tif_uprobe = true;
}

}  // namespace uprobesim
