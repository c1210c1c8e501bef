// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/explain/hit_recorder.h"

#include "probes/slots/breakpoint.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {
namespace {

bool is_uprobe_brk(const Stop& stop) {
    const auto* brk = std::get_if<Brk>(&stop.why);
    return brk != nullptr && brk->imm == kUprobeBrkImm;
}

}  // namespace

HitState HitRecorder::state_now() const {
    HitState state = task_state(*task_);
    read_code_around(*task_->process->mm, probed_, state);
    return state;
}

HitEvent& HitRecorder::add(HitEvent::Kind kind, CentiCycles cycles) {
    total_ += cycles;
    HitEvent event;
    event.kind = kind;
    event.state = state_now();
    event.cycles = cycles;
    event.total = total_;
    events_.push_back(std::move(event));
    return events_.back();
}

void HitRecorder::add_user(const Stop& stop, bool own) {
    const CentiCycles cycles =
        task_->process->mm->machine().cpu->cycles(task_->context) - user_cycles_;
    HitEvent& event = add(HitEvent::Kind::User, own ? cycles : CentiCycles());
    event.cycles = cycles;
    event.insns = own ? stop.retired : user_insns_ + stop.retired;
    event.own = own;
    event.others = others_;
}

void HitRecorder::trapped(const Task& task, const Stop& stop, const ExceptionRegisters& registers) {
    switch (phase_) {
        case Phase::Done: return;
        case Phase::Seeking:
            if (!is_uprobe_brk(stop)) return;
            phase_ = Phase::Recording;
            task_ = &task;
            probed_ = stop.pc.value;
            before_ = state_now();
            if (const Vma* vma = task.process->mm->find(stop.pc)) {
                file_ = task.process->mm->name_of(*vma);
                file_offset_ = vma->offset_of(stop.pc);
            }
            break;
        case Phase::Recording:
            if (task.id != task_->id) return;
            add_user(stop, true);
            break;
        case Phase::InFunction: {
            if (task.id != task_->id) return;
            // The return that is waited for, with no call below this one pending: the trampoline,
            // or its first fetch.
            const HitState now = task_state(task);
            const bool in_page = now.xol_page && stop.pc.value == *now.xol_page;
            if (!in_page || now.pending_returns != before_.pending_returns + 1) {
                user_insns_ += stop.retired;
                ++others_;
                return;
            }
            phase_ = Phase::Recording;
            add_user(stop, false);
            break;
        }
    }
    expect_exception_ = true;
    add(HitEvent::Kind::Exception, CentiCycles()).registers = registers;
}

void HitRecorder::charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account) {
    if (!mine(task)) return;
    if (!expect_exception_) {
        add(HitEvent::Kind::Nested, cycles).exception = ec;
        return;
    }
    expect_exception_ = false;
    HitEvent& event = events_.back();
    event.exception = ec;
    event.cycles = cycles;
    event.total = total_ += cycles;
}

void HitRecorder::charged(TaskId task, KernelPath path, std::uint64_t units, CentiCycles cycles,
                          Account) {
    if (runs_consumers(path)) ++hits_;
    if (!mine(task)) return;
    // A stepped instruction that was trapped runs its consumers again: part of the same hit.
    if (runs_consumers(path) && record_hit_ == 0) record_hit_ = hits_;
    HitEvent& event = add(HitEvent::Kind::Path, cycles);
    event.path = path;
    event.units = units;
}

void HitRecorder::exit_work(const Task& task) {
    if (mine(task.id)) add(HitEvent::Kind::ExitWork, CentiCycles());
}

bool HitRecorder::returning(const Task& task) {
    if (!mine(task.id)) return phase_ != Phase::Done;
    if (record_hit_ != wanted_) {
        phase_ = Phase::Seeking;
        events_.clear();
        total_ = {};
        record_hit_ = 0;
        return true;
    }
    HitEvent& event = add(HitEvent::Kind::Eret, CentiCycles());
    event.registers.elr = event.state.registers.pc;
    event.registers.spsr =
        (event.state.registers.pstate & kPstateNzcv) | (task.tif_singlestep ? kSpsrSs : 0);
    user_cycles_ = task.process->mm->machine().cpu->cycles(task.context);
    user_insns_ = {};
    others_ = 0;
    if (event.state.slot) return true;
    const bool returns = event.state.pending_returns > before_.pending_returns;
    phase_ = returns ? Phase::InFunction : Phase::Done;
    return phase_ != Phase::Done;
}

}  // namespace uprobesim
