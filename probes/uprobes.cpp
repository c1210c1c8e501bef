// SPDX-License-Identifier: GPL-2.0-or-later
// The life of a hit. Phase letters as in the table of probes/README.md.
#include "probes/uprobes.h"

#include <algorithm>
#include <cstring>

#include "kernel_model/signals.h"
#include "probes/probe_state.h"
#include "probes/simulate.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t kNotTrapped = ~std::uint64_t{0};  // thread.fault_code before a step

std::uint32_t word_at(Mm& mm, VAddr pc) {
    std::uint32_t word = 0;
    if (const auto t = mm.space().lookup(pc); t && pc.page_offset() <= kPageSize - 4) {
        std::memcpy(&word, mm.space().memory().bytes(t->frame).data() + pc.page_offset(), 4);
    }
    return word;
}

KernelPath consumer_path(Consumer consumer) {
    switch (consumer) {
        case Consumer::Perf: return KernelPath::UprobeConsumersPerf;
        case Consumer::Ftrace: return KernelPath::UprobeConsumersFtrace;
        case Consumer::BpfEmpty: break;
    }
    return KernelPath::UprobeConsumers;
}

// Of everything but STP.
KernelPath simulate_path(Handler handler) {
    switch (handler) {
        case Handler::Nop:
        case Handler::Paciasp:
        case Handler::Bti: return KernelPath::UprobeSimulateNop;
        case Handler::AdrAdrp: return KernelPath::UprobeSimulateAdr;
        case Handler::AddSubSp:
        case Handler::MovRegister:
        case Handler::MovWide: return KernelPath::UprobeSimulateRegister;
        default: return KernelPath::UprobeSimulateBranch;
    }
}

// sig_fatal: nothing will run in this process any more. Signals that dump core are not fatal before they are taken.
bool is_fatal(const Task& task, Signal signal) {
    constexpr std::uint64_t kCoreDump = signal_bit(Signal::Quit) | signal_bit(Signal::Ill) | signal_bit(Signal::Trap) |
                                        signal_bit(Signal::Abrt) | signal_bit(Signal::Fpe) | signal_bit(Signal::Segv) |
                                        signal_bit(Signal::Bus) | signal_bit(Signal::Sys) | signal_bit(Signal::Xcpu) |
                                        signal_bit(Signal::Xfsz);
    if (signal == Signal::Kill) return true;
    return (signal_bit(signal) & (task.sigmask | kCoreDump)) == 0 &&
           task.process->actions[static_cast<std::size_t>(signal)].handler == kSigDfl &&
           default_action(signal) == DefaultAction::Terminate;
}

}  // namespace

CentiCycles Uprobes::spent() const {
    return kernel_.machine().ledger.kernel_cycles();
}

bool Uprobes::on_brk(Task& task, std::uint16_t imm) {
    if (imm == kSlotBrkImm) return on_slot_end(task);
    if (imm != kUprobeBrkImm) return false;
    const bool probed = task.process->mm->extension && probes_of(*task.process).has_uprobes;
    // Pending returns suffice: their process may have no breakpoint any more.
    const bool returning = task.extension && !state_of(task).returns.empty();
    if (!probed && !returning) return false;
    UprobeTask& state = state_of(task);
    // The exception itself belongs to the hit.
    state.leg_begin = spent() - kernel_.machine().prices.exception(ExceptionClass::Brk);
    kernel_.spend(task, KernelPath::BrkEntry);
    task.tif_uprobe = true;
    return true;
}

// The BRK after an 8-byte slot: what the step exception is to a 4-byte one.
bool Uprobes::on_slot_end(Task& task) {
    if (!task.extension) return false;
    UprobeTask& state = state_of(task);
    if (state.active == nullptr || state.state != StepState::Sstep ||
        kernel_.machine().cpu->read(task.context, Reg::Pc) != state.xol_vaddr.value + 4)
        return false;
    state.leg_begin = spent() - kernel_.machine().prices.exception(ExceptionClass::Brk);
    kernel_.spend(task, KernelPath::BrkEntry);
    state.state = StepState::SstepAck;
    task.tif_uprobe = true;
    return true;
}

bool Uprobes::on_step(Task& task) {
    if (!task.extension) return false;
    UprobeTask& state = state_of(task);
    if (state.active == nullptr || state.state != StepState::Sstep) return false;
    state.leg_begin = spent() - kernel_.machine().prices.exception(ExceptionClass::SoftwareStep);
    kernel_.spend(task, KernelPath::StepEntry);
    state.state = StepState::SstepAck;
    task.tif_uprobe = true;
    return true;
}

void Uprobes::notify_resume(Task& task) {
    UprobeTask& state = state_of(task);
    // Still in SSTEP at another breakpoint: an instruction that branches left its slot past the BRK that should end it.
    if (state.active != nullptr && state.state == StepState::Sstep) {
        kernel_.note_unmodelled("BRK after the slot", "an instruction branched out of its slot; its step was given up");
        leave_slot(task);
    }
    if (state.active != nullptr) {
        finish_step(task);
    } else {
        handle_breakpoint(task);
    }
}

Uprobe* Uprobes::find(Process& process, VAddr pc) {
    ProcessProbes::Line& line = probes_of(process).line(pc);
    if (line.uprobe != nullptr && line.pc == pc.value) return line.uprobe;
    const Vma* vma = process.mm->find(pc);
    if (vma == nullptr || !vma->file) return nullptr;
    const auto file = by_file_.find(vma->file->key());
    if (file == by_file_.end()) return nullptr;
    const auto found = file->second.find(vma->offset_of(pc));
    if (found == file->second.end()) return nullptr;
    line = {pc.value, found->second};
    return found->second;
}

void Uprobes::handle_breakpoint(Task& task) {
    Process& process = *task.process;
    UprobeTask& state = state_of(task);
    Cpu& cpu = *kernel_.machine().cpu;
    const VAddr pc(cpu.read(task.context, Reg::Pc));

    ProcessProbes& probes = probes_of(process);
    if (probes.area && pc == probes.area->trampoline()) {
        handle_trampoline(task);
        return;
    }

    const KernelProfile& kernel = kernel_.machine().kernel_profile;
    kernel_.spend(
        task, kernel.lookup == Lookup::Lockless ? KernelPath::UprobeLookupLockless : KernelPath::UprobeLookup);  // L
    Uprobe* uprobe = find(process, pc);
    if (uprobe == nullptr) {
        kernel_.spend(task, KernelPath::BrkReturn);
        // The program's own BRK #5, or a probe that went while the exception was on its way: then the address is run
        // again.
        if (word_at(*process.mm, pc) == kUprobeBrk)
            kernel_.force_signal(task, {.signal = Signal::Trap, .code = kSiKernel});
        return;
    }

    if (!state.created) kernel_.spend(task, KernelPath::UprobeTaskCreate);
    state.created = true;
    kernel_.spend(task, consumer_path(kernel.consumer), uprobe->consumers);  // H
    ++uprobe->hits;
    if (uprobe->return_consumers != 0) hijack(task, *uprobe, pc);  // U
    if (uprobe->verdict.kind == VerdictKind::Simulate) {
        simulate(task, *uprobe, pc);  // S
        ++uprobe->simulated;
    } else if (!prepare_step(task, *uprobe, pc)) {
        // No memory for the XOL page: a real kernel would take this breakpoint for ever.
        kernel_.note_unmodelled("XOL area", "no memory for the [uprobes] page; the guest was killed");
        kernel_.force_signal(task, {.signal = Signal::Kill, .code = kSiKernel});
    }
    kernel_.spend(task, KernelPath::BrkReturn);
    uprobe->cycles += spent() - state.leg_begin;
}

void Uprobes::simulate(Task& task, Uprobe& uprobe, VAddr pc) {
    Cpu& cpu = *kernel_.machine().cpu;
    const Handler handler = uprobe.verdict.handler;
    if (handler != Handler::StpFpLr && handler != Handler::Stp) {
        kernel_.spend(task, simulate_path(handler));
        simulate_instruction(handler, uprobe.word, pc, cpu, task.context);
        return;
    }
    StpOutcome outcome;
    if (kernel_.machine().kernel_profile.stp == StpForm::CopyToUser) {
        kernel_.spend(task, KernelPath::UprobeSimulateStpCopy);
        outcome = simulate_stp_copy(uprobe.word, pc, cpu, task.context, *task.process->mm, task.id);
    } else {
        outcome = simulate_stp_pin(uprobe.word, pc, cpu, task.context, *task.process->mm, task.id);
        kernel_.spend(task, KernelPath::UprobeSimulateStpPin, outcome.pages - 1);
    }
    if (outcome.faulted) kernel_.force_signal(task, {.signal = Signal::Segv, .code = kSiKernel});
}

XolArea* Uprobes::area_of(Task& task) {
    ProcessProbes& probes = probes_of(*task.process);
    if (!probes.area) create_area(task, VAddr(0));
    return probes.area ? &*probes.area : nullptr;
}

void Uprobes::create_area(Task& task, VAddr where) {
    kernel_.spend(task, KernelPath::UprobeAreaCreate);
    const bool brk_after_slot = kernel_.machine().kernel_profile.step == StepEnd::BrkAfterSlot;
    auto area = XolArea::create(*task.process->mm, brk_after_slot, where);
    if (area) probes_of(*task.process).area.emplace(std::move(*area));
}

// A slot that holds the instruction for everybody, if there is one.
bool Uprobes::take_shared_slot(Task& task, const Uprobe& uprobe) {
    if (!shared_slots_) return false;
    const auto slot = shared_slots_->find(uprobe.word);
    if (!slot) return false;
    ProcessProbes& probes = probes_of(*task.process);
    if (!probes.shared_slots) {
        probes.shared_slots = shared_slots_->map(*task.process->mm);
        if (!probes.shared_slots) return false;
        kernel_.spend(task, KernelPath::UprobeSharedMap);
    }
    UprobeTask& state = state_of(task);
    state.slot = *slot;
    state.xol_vaddr = shared_slots_->address(*probes.shared_slots, *slot);
    state.keeps_slot = state.shared_slot = true;
    return true;
}

// A C M: where the instruction is put, and what that takes.
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
        kernel_.spend(task, KernelPath::UprobeSlotGet);  // A
        // One is always left for hits of uprobes that came too late to keep one.
        state.keeps_slot = kernel.slots == SlotOwner::Uprobe && area->free_slots() > 1;
        // With fewer tasks than slots there is always one.
        const auto slot = area->claim();
        if (!slot) return false;
        state.slot = *slot;
        kernel_.spend(task, KernelPath::UprobeSlotCopy);  // C
        const bool changed = area->fill(*slot, uprobe.word);
        if (changed || kernel.slot_copy == SlotCopyPolicy::Always) {
            kernel_.spend(task, KernelPath::UprobeSlotSync);  // M
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
    kernel_.spend(task, hardware ? KernelPath::UprobeStepArm : KernelPath::UprobeSlotEnter);  // T R1
    return true;
}

// The task runs in its slot no more.
void Uprobes::leave_slot(Task& task) {
    UprobeTask& state = state_of(task);
    task.tif_singlestep = task.runs_slot = false;
    if (auto& area = probes_of(*task.process).area; area && !state.keeps_slot) area->release(state.slot);
    state.active = nullptr;
    state.state = StepState::Running;
}

void Uprobes::finish_step(Task& task) {
    UprobeTask& state = state_of(task);
    Uprobe& uprobe = *state.active;
    const bool trapped = state.state == StepState::SstepTrapped;
    // After a step pc is the next instruction, whatever the stepped one did to it; after a trap the breakpoint is taken
    // again.
    kernel_.machine().cpu->write(task.context, Reg::Pc, trapped ? state.vaddr.value : state.vaddr.value + 4);
    const bool kept = state.keeps_slot;
    leave_slot(task);
    if (trapped) {
        kernel_.spend(task, KernelPath::UprobeStepAbort);
        return;
    }
    const bool hardware = kernel_.machine().kernel_profile.step == StepEnd::Hardware;
    kernel_.spend(task, hardware ? (kept ? KernelPath::UprobeStepFinishKept : KernelPath::UprobeStepFinish)
                                 : (kept ? KernelPath::UprobeSlotLeaveKept : KernelPath::UprobeSlotLeave));  // F
    kernel_.spend(task, KernelPath::StepReturn);                                                             // R2
    ++uprobe.stepped;
    uprobe.cycles += spent() - state.leg_begin;
}

// uprobe_deny_signal: no signal between the slot and the end of the step, but one that ends the step counts as its
// trap.
bool Uprobes::deny_signal(Task& task) {
    if (!task.extension) return false;
    UprobeTask& state = state_of(task);
    if (state.active == nullptr || state.state != StepState::Sstep) return false;
    // An instruction that branched out of an 8-byte slot is on its own.
    const std::uint64_t pc = kernel_.machine().cpu->read(task.context, Reg::Pc);
    if (!task.tif_singlestep && pc - state.xol_vaddr.value > 4) {
        leave_slot(task);
        return false;
    }
    const bool trapped = task.fault_code != kNotTrapped;
    if (trapped || std::any_of(task.pending.begin(), task.pending.end(),
                               [&](const SignalInfo& info) { return is_fatal(task, info.signal); })) {
        state.state = StepState::SstepTrapped;
        task.tif_uprobe = true;
    }
    return true;
}

void Uprobes::on_map(Process& process, const Vma& vma) {
    if (!vma.file || vma.shared || !vma.prot.exec || vma.prot.write) return;
    const auto file = by_file_.find(vma.file->key());
    if (file == by_file_.end()) return;
    if (process.tasks.empty()) return;
    Task& task = *process.tasks.begin()->second;
    const std::uint64_t end = vma.file_offset + vma.range.size();
    for (auto it = file->second.lower_bound(vma.file_offset); it != file->second.end() && it->first < end; ++it) {
        const VAddr at = vma.range.begin + (it->first - vma.file_offset);
        kernel_.spend(task, KernelPath::UprobePlace);
        if (!process.mm->poke_text(at, kUprobeBrk, task.id)) continue;  // as the kernel does: silently
        ++it->second->placed;
        probes_of(process).has_uprobes = true;
    }
}

void Uprobes::on_unmap(Process& process, VRange range) {
    if (!process.mm->extension) return;
    for (auto& line : probes_of(process).cache) {
        if (range.contains(VAddr(line.pc))) line = {};
    }
}

// uprobe_dup_mmap and uprobe_copy_process. A child has the breakpoints in its copy of the text. It also has the calls
// whose return addresses were replaced, so its own XOL page has to lie where its parent's does.
void Uprobes::on_clone(Task& parent, Task& child, bool vfork) {
    const bool same_memory = parent.process->mm == child.process->mm;
    if (!same_memory && parent.process->mm->extension)
        probes_of(*child.process).has_uprobes = probes_of(*parent.process).has_uprobes;
    if (same_memory && !vfork) return;
    if (!parent.extension || state_of(parent).returns.empty()) return;
    state_of(child).returns = state_of(parent).returns;
    if (same_memory) return;
    const auto& area = probes_of(*parent.process).area;
    if (area) create_area(child, area->trampoline());
}

void Uprobes::on_exec(Process& process) {
    for (auto& [id, task] : process.tasks) task->extension.reset();
}

void Uprobes::on_task_exit(Task& task) {
    if (!task.extension) return;
    UprobeTask& state = state_of(task);
    if (state.active != nullptr && task.process->mm->extension) leave_slot(task);
    task.extension.reset();
}

}  // namespace uprobesim
