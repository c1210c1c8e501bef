// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/explain/hit_recorder.h"

#include <algorithm>

#include "kernel_model/memory/peek.h"
#include "probes/slots/breakpoint.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {
namespace {

// Instructions that are shown before and after an address.
constexpr std::uint64_t kBefore = 2, kAfter = 3;

void read_code(Mm& mm, std::uint64_t from, std::uint64_t count, HitState& state) {
    for (std::uint64_t address = from; address < from + count * 4; address += 4) {
        if (const auto word = peek_value<std::uint32_t>(mm, VAddr(address)))
            state.code[address] = *word;
    }
}

void read_around(Mm& mm, std::uint64_t address, HitState& state) {
    if (address % 4 != 0) return;
    const std::uint64_t page = address / kPageSize * kPageSize;
    const std::uint64_t from = std::max(page, address - std::min(address, kBefore * 4));
    const std::uint64_t end = std::min(page + kPageSize, address + (kAfter + 1) * 4);
    read_code(mm, from, (end - from) / 4, state);
}

HitState state_at(const Task& task) {
    HitState state;
    Process& process = *task.process;
    state.registers = process.mm->machine().cpu->read_all(task.context);
    state.tif_uprobe = task.tif_uprobe;
    state.tif_singlestep = task.tif_singlestep;
    state.tif_sigpending = task.tif_sigpending;
    if (task.extension) {
        const auto& probe = static_cast<const UprobeTask&>(*task.extension);
        state.step = probe.state;
        state.pending_returns = probe.returns.depth();
        if (probe.active != nullptr) {
            state.slot = probe.slot;
            state.slot_word = task.step_word;
            state.slot_kept = probe.keeps_slot;
            state.slot_shared = probe.shared_slot;
        }
    }
    if (process.mm->extension) {
        const auto& probes = static_cast<const ProcessProbes&>(*process.mm->extension);
        if (probes.shared_slots) state.shared_page = probes.shared_slots->value;
        if (const auto& area = probes.area) {
            state.xol_page = area->trampoline().value;
            state.slot_bytes = kPageSize / area->slots();
            for (std::size_t slot = 0; slot < area->slots(); ++slot)
                state.xol_words.push_back(area->word(slot));
        }
    }
    return state;
}

bool is_uprobe_brk(const Stop& stop) {
    const auto* brk = std::get_if<Brk>(&stop.why);
    return brk != nullptr && brk->imm == kUprobeBrkImm;
}

}  // namespace

std::string_view step_state_name(StepState state) {
    switch (state) {
        case StepState::Running: return "UTASK_RUNNING";
        case StepState::Sstep: return "UTASK_SSTEP";
        case StepState::SstepAck: return "UTASK_SSTEP_ACK";
        case StepState::SstepTrapped: return "UTASK_SSTEP_TRAPPED";
    }
    return "";
}

HitState HitRecorder::state_now() const {
    HitState state = state_at(*task_);
    Mm& mm = *task_->process->mm;
    read_around(mm, probed_, state);
    read_around(mm, state.registers.pc, state);
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
            const HitState now = state_at(task);
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
