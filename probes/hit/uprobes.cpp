// SPDX-License-Identifier: GPL-2.0-or-later
// The sequence of a hit. Phase letters as in the table of probes/README.md.
#include "probes/hit/uprobes.h"

#include "kernel_model/signal/signals.h"
#include "probes/hit/probe_state.h"
#include "probes/hit/steady_hit.h"
#include "probes/slots/breakpoint.h"
#include "probes/verdict/emulate.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {

bool Uprobes::owns_brk(const Task& task, std::uint16_t imm) const {
    const UprobeTask* state = find_state(task);
    // The BRK that ends an 8-byte slot, in place of the step exception of a 4-byte one.
    if (imm == kSlotBrkImm)
        return owns_step(task) &&
               kernel_.machine().cpu->read(task.context, Reg::Pc) == state->xol_vaddr.value + 4;
    if (imm != kUprobeBrkImm) return false;
    const ProcessProbes* probes = find_probes(*task.process);
    const bool probed = probes != nullptr && probes->has_uprobes;
    // Pending returns are enough: the process may have no breakpoints left.
    return probed || (state != nullptr && !state->returns.empty());
}

bool Uprobes::owns_page(const Process& process, VAddr address) const {
    const ProcessProbes* probes = find_probes(process);
    if (probes == nullptr) return false;
    const VAddr page = address.page();
    return (probes->area && page == probes->area->trampoline()) ||
           (probes->shared_slots && page == *probes->shared_slots);
}

void Uprobes::on_brk(Task& task, std::uint16_t imm) {
    UprobeTask& state = state_of(task);
    spend(task, KernelPath::BrkEntry);
    if (imm == kSlotBrkImm) state.state = StepState::SstepAck;
    task.tif_uprobe = true;
}

void Uprobes::notify_resume(Task& task) {
    UprobeTask& state = state_of(task);
    // The task is still in UTASK_SSTEP at another breakpoint: a branch left the 8-byte slot without
    // executing its BRK.
    if (state.active != nullptr && state.state == StepState::Sstep) {
        kernel_.counters().note_unmodelled(
            "BRK after the slot", "an instruction branched out of its slot; its step was given up");
        leave_slot(task);
    }
    if (state.active != nullptr) {
        finish_step(task);
    } else {
        handle_breakpoint(task);
    }
}

Uprobe* Uprobes::find_slowly(const Process& process, VAddr pc) const {
    const Vma* vma = process.mm->find(pc);
    if (vma == nullptr || !vma->file) return nullptr;
    const auto file = by_file_.find(vma->file->key());
    if (file == by_file_.end()) return nullptr;
    const auto found = file->second.find(vma->offset_of(pc));
    return found == file->second.end() ? nullptr : found->second;
}

Uprobe* Uprobes::find(Process& process, VAddr pc) {
    if (!registered_) return nullptr;
    ProcessProbes::Line& line = probes_of(process).line(pc);
    if (line.uprobe != nullptr && line.pc == pc.value) return line.uprobe;
    Uprobe* const found = find_slowly(process, pc);
    if (found != nullptr) line = {pc.value, found};
    return found;
}

const Uprobe* Uprobes::at(const Process& process, VAddr pc) const {
    const ProcessProbes* const probes = find_probes(process);
    if (probes != nullptr) {
        const ProcessProbes::Line& line = probes->line(pc);
        if (line.uprobe != nullptr && line.pc == pc.value) return line.uprobe;
    }
    return find_slowly(process, pc);
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
    spend(task, lookup_path(kernel.lookup));  // L
    Uprobe* uprobe = find(process, pc);
    if (uprobe == nullptr) {
        // mmf_recalc_uprobes: after all were taken away there is none.
        if (!registered_) probes.has_uprobes = false;
        spend(task, KernelPath::BrkReturn);
        take_bill(task);  // of no probe
        // Either a BRK #5 of the program itself, or the probe was removed after the exception: then
        // the instruction is executed again.
        if (has_breakpoint(*process.mm, pc))
            kernel_.signals().force(task, {.signal = Signal::Trap, .code = abi::kSiKernel});
        return;
    }

    hit_of(*uprobe);
    if (!state.created) spend(task, KernelPath::UprobeTaskCreate);
    state.created = true;
    run_consumers(task, *uprobe);  // H
    ++uprobe->hits;
    kernel_.machine().ledger.count_hit(task.id);
    if (uprobe->return_consumers != 0) hijack(task, *uprobe, pc);  // U
    if (uprobe->verdict.kind == VerdictKind::Emulate) {
        emulate(task, *uprobe, pc);  // S
        ++uprobe->emulated;
    } else if (!prepare_step(task, *uprobe, pc)) {
        // No memory for the XOL page: a real kernel would take this breakpoint again and again.
        kernel_.counters().note_unmodelled(
            "XOL area", "no memory for the [uprobes] page; the guest was killed");
        kernel_.signals().force(task, {.signal = Signal::Kill, .code = abi::kSiKernel});
    }
    spend(task, KernelPath::BrkReturn);
    uprobe->cycles += take_bill(task);
}

void Uprobes::emulate(Task& task, Uprobe& uprobe, VAddr pc) {
    Cpu& cpu = *kernel_.machine().cpu;
    const Handler handler = uprobe.verdict.handler;
    const StpForm stp = kernel_.machine().kernel_profile.stp;
    const KernelPath path = emulate_path(handler, stp);
    if (handler != Handler::StpFpLr && handler != Handler::Stp) {
        spend(task, path);
        emulate_instruction(handler, uprobe.word, pc, cpu, task.context);
        return;
    }
    StpOutcome outcome;
    if (stp == StpForm::CopyToUser) {
        spend(task, path);
        outcome = emulate_stp_copy(uprobe.word, pc, cpu, task.context, *task.process->mm, task.id);
    } else {
        outcome = emulate_stp_pin(uprobe.word, pc, cpu, task.context, *task.process->mm, task.id);
        spend(task, path, outcome.pages - 1);
    }
    if (outcome.faulted)
        kernel_.signals().force(task, {.signal = Signal::Segv, .code = abi::kSiKernel});
}

void Uprobes::leg_over(TaskId task, std::uint32_t subject, const LineUse& use) {
    if (subject >= uprobes_.size()) return;
    Uprobe& uprobe = *uprobes_[subject];
    check_invariant(uprobe.id == subject, "a uprobe stands where its number says");
    uprobe.cycles += kernel_.machine().ledger.take_bill(task);
    uprobe.shared += use;
}

// uprobe_dup_mmap and uprobe_copy_process. A child has the breakpoints in its copy of the text. It
// also inherits replaced return addresses, so its XOL page must be at the same address as its
// parent's.
void Uprobes::on_clone(Task& parent, Task& child, bool vfork) {
    const bool same_memory = parent.process->mm == child.process->mm;
    if (!same_memory && parent.process->mm->extension)
        probes_of(*child.process).has_uprobes = probes_of(*parent.process).has_uprobes;
    if (same_memory && !vfork) return;
    if (!parent.extension || state_of(parent).returns.empty()) return;
    spend(parent, KernelPath::UprobeTaskCreate);
    state_of(child).created = true;
    state_of(child).returns = state_of(parent).returns;
    take_bill(parent);  // charged to no probe
    if (same_memory) return;
    const auto& area = probes_of(*parent.process).area;
    if (area) create_area(child, area->trampoline());
    take_bill(child);
}

void Uprobes::on_exec(Process& process) {
    for (auto& [id, task] : process.tasks) {
        if (const UprobeTask* state = find_state(*task); state != nullptr && state->created)
            spend_placing(*task, KernelPath::UprobeTaskFree);
        task->extension.reset();
    }
}

void Uprobes::on_task_exit(Task& task) {
    if (!task.extension) return;
    UprobeTask& state = state_of(task);
    if (state.active != nullptr && task.process->mm->extension) leave_slot(task);
    if (state.created) spend_placing(task, KernelPath::UprobeTaskFree);
    task.extension.reset();
}

}  // namespace uprobesim
