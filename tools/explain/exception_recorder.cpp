// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/explain/exception_recorder.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/abi/signal.h"
#include "kernel_model/signal/signals.h"
#include "kernel_model/task/scheduler.h"
#include "tools/format/text_width.h"
#include "tools/strace/call_structs.h"

namespace uprobesim {
namespace {

using EventKind = HitEvent::Kind;

// Of one exception; what comes after them is summed up.
constexpr std::uint64_t kMostCharges = 100;
constexpr std::uint32_t kSigReturn = 139;  // rt_sigreturn
constexpr std::uint64_t kEcShift = 26;
constexpr std::uint32_t kStepClass = 0x32;

std::uint32_t class_of(const ExceptionRegisters& registers) {
    return static_cast<std::uint32_t>(registers.esr >> kEcShift & 0x3f);
}

Cpu& cpu_of(const Task& task) {
    return *task.process->mm->machine().cpu;
}

std::string_view action_word(Signal signal, std::uint64_t handler) {
    if (handler == abi::kSigIgn) return "ignored";
    if (handler != abi::kSigDfl) return "handler";
    switch (default_action(signal)) {
        case DefaultAction::Ignore:
        case DefaultAction::Continue: return "ignored";
        case DefaultAction::Stop: return "stops the process";
        case DefaultAction::Terminate: return "ends the process";
    }
    return "";
}

std::string end_text(const TaskEnd& end) {
    switch (end.kind) {
        case TaskEnd::Kind::Exited: return fmt::format("the task ends with status {}", end.status);
        case TaskEnd::Kind::Killed:
            return fmt::format("the task is killed by {}",
                               signal_text(static_cast<std::uint64_t>(end.status)));
        case TaskEnd::Kind::Superseded: return "another task of the process has called execve";
    }
    return "";
}

}  // namespace

ExceptionRecorder::Recording* ExceptionRecorder::find(TaskId task) {
    const auto found = open_.find(task);
    if (found == open_.end() || found->second.at_el0) return nullptr;
    return &found->second;
}

HitState ExceptionRecorder::state_of(const Recording& recording) const {
    const Task* const task = recording.task;
    if (task == nullptr || task->process->mm == nullptr)  // it has ended
        return recording.events.empty() ? recording.before : recording.events.back().state;
    HitState state = task_state(*task);
    read_code_around(*task->process->mm, recording.before.registers.pc, state);
    if (recording.faulted) state.page = fault_page(*task->process->mm, *recording.faulted);
    return state;
}

HitEvent& ExceptionRecorder::add(Recording& recording, EventKind kind, CentiCycles cycles) {
    recording.total += cycles;
    HitEvent event;
    event.kind = kind;
    event.state = state_of(recording);
    event.cycles = cycles;
    event.total = recording.total;
    if (recording.task != nullptr) recording.left_ns = recording.task->scheduler->now_ns();
    recording.events.push_back(std::move(event));
    return recording.events.back();
}

// Null: it went into the sum of those that are not told.
HitEvent* ExceptionRecorder::charge(Recording& recording, EventKind kind, CentiCycles cycles) {
    note_frame(recording);
    if (++recording.charges <= kMostCharges) return &add(recording, kind, cycles);
    if (recording.events.back().kind != EventKind::More) add(recording, EventKind::More);
    HitEvent& more = recording.events.back();
    ++more.units;
    more.cycles += cycles;
    more.total = recording.total += cycles;
    more.state = state_of(recording);
    return nullptr;
}

// The frame is pushed after the charge of its delivery, which is the last that is heard of it.
void ExceptionRecorder::note_frame(Recording& recording) {
    if (recording.handler == 0 || recording.task == nullptr ||
        recording.task->process->mm == nullptr)
        return;
    const UserRegisters now = cpu_of(*recording.task).read_all(recording.task->context);
    const std::uint64_t sp = recording.events.back().state.registers.sp;
    if (now.pc != recording.handler || now.sp == sp) return;
    HitEvent& event = add(recording, EventKind::Frame);
    event.value = now.sp;
    event.bytes = now.x[29] + 2 * sizeof(std::uint64_t) - now.sp;
    recording.frames.push_back(now.sp);
    recording.handler = 0;
}

// Before the first charge to a task that is blocked, or has been woken and not gone on.
void ExceptionRecorder::note_wait(Recording& recording) {
    const Task* const task = recording.task;
    if (task == nullptr || recording.wait_told ||
        (task->state != TaskState::Blocked && !task->resumes_call))
        return;
    recording.wait_told = true;
    const std::uint64_t waited = task->scheduler->now_ns() - recording.left_ns;
    if (waited != 0) add(recording, EventKind::Waits).waited_ns = waited;
}

ExceptionRecorder::Recording& ExceptionRecorder::begin(const Task& task, VAddr pc,
                                                       const ExceptionRegisters& registers) {
    Recording& recording = open_[task.id] = {};
    recording.task = &task;
    if (registers.far) recording.faulted = VAddr(*registers.far);
    HitState& before = recording.before;
    before = state_of(recording);
    before.registers.pc = pc.value;
    // A step has been done in the slot, and the pc is after it.
    const auto& page = before.slot_shared ? before.shared_page : before.xol_page;
    if (class_of(registers) == kStepClass && before.slot && page)
        before.registers.pc = *page + *before.slot * before.slot_bytes;
    read_code_around(*task.process->mm, before.registers.pc, before);
    const std::string& exe = task.process->exe;
    recording.name =
        fmt::format("{}, task {}", visible(exe.empty() ? task.comm : exe), task.id.value);
    add(recording, EventKind::Exception).registers = registers;
    return recording;
}

// One of the kind has been taken by the task.
void ExceptionRecorder::count(TaskId task) {
    if (found_ || ++seen_ != wanted_) return;
    found_ = true;
    std::erase_if(open_, [&](const auto& entry) { return entry.first != task; });
    chosen_ = &open_.at(task);
    chosen_->place =
        visible(places_.text(*chosen_->task->process, VAddr(chosen_->before.registers.pc)));
}

bool ExceptionRecorder::is_sigreturn(const Recording& recording, const Stop& stop) const {
    if (!std::holds_alternative<Svc>(stop.why)) return false;
    Cpu& cpu = cpu_of(*recording.task);
    return cpu.read(recording.task->context, Reg::X8) == kSigReturn &&
           cpu.read(recording.task->context, Reg::Sp) == recording.frames.back();
}

void ExceptionRecorder::trapped(const Task& task, const Stop& stop,
                                const ExceptionRegisters& registers) {
    running_ = nullptr;
    if (finished_) return;
    if (found_) {
        if (!chosen_->at_el0 || chosen_->task != &task) return;
        if (!is_sigreturn(*chosen_, stop)) {
            chosen_->user_insns += stop.retired;
            ++chosen_->others;
            return;
        }
        chosen_->at_el0 = false;
        chosen_->expects = true;
        chosen_->frames.pop_back();
        const CentiCycles cycles = cpu_of(task).cycles(task.context) - chosen_->user_cycles;
        HitEvent& user = add(*chosen_, EventKind::User);
        user.cycles = cycles;
        user.insns = chosen_->user_insns + stop.retired;
        user.own = false;
        user.others = chosen_->others;
        add(*chosen_, EventKind::Exception).registers = registers;
        return;
    }
    if (kind_.ec ? class_of(registers) != *kind_.ec : kind_.paths.empty()) return;
    if (kind_.paths.empty() && seen_ + 1 != wanted_) {
        ++seen_;
        return;
    }
    // The pc is after an SVC, and at everything else.
    const bool svc = std::holds_alternative<Svc>(stop.why);
    begin(task, svc ? VAddr(stop.pc.value - 4) : stop.pc, registers);
    if (kind_.paths.empty()) count(task.id);
}

void ExceptionRecorder::charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account) {
    if (finished_) return;
    Recording* recording = find(task);
    if (ec == ExceptionClass::Irq && recording == nullptr && !found_ && kind_.interrupts) {
        // It is not announced. EL0 has been left by it if nothing else has been taken since the
        // return.
        if (running_ == nullptr || running_->id != task) {
            ++in_the_kernel_;
            return;
        }
        Cpu& cpu = cpu_of(*running_);
        const VAddr pc(cpu.read(running_->context, Reg::Pc));
        ExceptionRegisters registers;
        registers.elr = pc.value;
        registers.spsr = cpu.read(running_->context, Reg::Pstate) & kPstateNzcv;
        recording = &begin(*running_, pc, registers);
        running_ = nullptr;
        if (kind_.paths.empty()) count(task);
        if (kind_.paths.empty() && !found_) {
            open_.erase(task);
            return;
        }
    }
    if (recording == nullptr) return;
    if (!recording->expects) {
        recording->nested = true;
        if (HitEvent* event = charge(*recording, EventKind::Nested, cycles)) event->exception = ec;
        return;
    }
    recording->expects = false;
    HitEvent& event = recording->events.back();
    event.exception = ec;
    event.cycles = cycles;
    event.total = recording->total += cycles;
}

void ExceptionRecorder::charged(TaskId task, KernelPath path, std::uint64_t units,
                                CentiCycles cycles, Account) {
    if (finished_) return;
    Recording* recording = find(task);
    if (recording == nullptr) return;
    note_wait(*recording);
    if (path == KernelPath::Wakeup) recording->wait_told = false;
    if (HitEvent* event = charge(*recording, EventKind::Path, cycles)) {
        event->path = path;
        event->units = units;
    }
    // Of a fault, its own: not one of the kernel's in its course.
    const bool counts = !recording->nested || !kind_.ec;
    if (counts && std::find(kind_.paths.begin(), kind_.paths.end(), path) != kind_.paths.end())
        count(task);
}

void ExceptionRecorder::exit_work(const Task& task) {
    if (Recording* recording = find(task.id); recording != nullptr && !finished_)
        add(*recording, EventKind::ExitWork);
}

bool ExceptionRecorder::returning(const Task& task) {
    if (finished_) return false;
    running_ = &task;
    Recording* recording = find(task.id);
    if (!found_) {
        if (recording != nullptr) open_.erase(task.id);
        return true;
    }
    // What is charged to a task that has ended is complete when another goes on.
    if (chosen_->task == nullptr) return false;
    if (recording == nullptr) return true;
    note_frame(*recording);
    HitEvent& event = add(*recording, EventKind::Eret);
    event.registers.elr = event.state.registers.pc;
    event.registers.spsr =
        (event.state.registers.pstate & kPstateNzcv) | (task.tif_singlestep ? kSpsrSs : 0);
    if (recording->frames.empty()) {
        finished_ = true;
        return false;
    }
    recording->at_el0 = true;
    recording->user_cycles = cpu_of(task).cycles(task.context);
    recording->user_insns = {};
    recording->others = 0;
    return true;
}

void ExceptionRecorder::call_entered(const Task& task, const CallRegisters& call) {
    Recording* recording = find(task.id);
    if (recording == nullptr || finished_) return;
    CallView view{.task = task, .arguments = call.arguments};
    HitEvent& event = add(*recording, EventKind::Call);
    event.name = texts_.name(call.number);
    recording->call = call;
    recording->entry = texts_.entry(call.number, view);
    recording->memory = &view.memory();
    // What the kernel writes is known at the end of the call.
    const bool more = recording->entry.ends_with(", ");
    event.text = visible(recording->entry) + (more ? "...)" : ")");
}

void ExceptionRecorder::call_ended(const Task& task, std::uint64_t result) {
    Recording* recording = find(task.id);
    if (recording == nullptr || finished_ || !recording->call) return;
    CallView view{.task = task, .result = static_cast<std::int64_t>(result)};
    view.arguments = recording->call->arguments;
    const std::uint32_t number = recording->call->number;
    // After execve the arguments' memory is gone.
    const bool same = recording->memory == task.process->mm.get();
    HitEvent& event = add(*recording, EventKind::CallEnd);
    event.name = visible(recording->entry + (same ? texts_.rest(number, view) : "") + ')');
    event.text = visible(result_text(number, view));
    event.value = result;
    recording->call.reset();
}

void ExceptionRecorder::call_interrupted(const Task& task, bool restarts) {
    Recording* recording = find(task.id);
    if (recording == nullptr || finished_) return;
    HitEvent& event = add(*recording, EventKind::CallEnd);
    event.text = restarts ? "a signal ends the wait; the call is made again after its handler"
                          : "a signal ends the wait: EINTR";
    event.value = event.state.registers.x[0];
    recording->call.reset();
}

void ExceptionRecorder::signal_taken(const Task& task, const SignalInfo& info) {
    Recording* recording = find(task.id);
    if (recording == nullptr || finished_) return;
    note_frame(*recording);
    const auto number = static_cast<std::uint64_t>(info.signal);
    const std::uint64_t handler = task.process->actions[number].handler;
    HitEvent& event = add(*recording, EventKind::Signal);
    event.name = signal_text(number);
    event.text = visible(siginfo_text(info));
    event.action = action_word(info.signal, handler);
    if (handler == abi::kSigIgn || handler == abi::kSigDfl) return;
    event.value = handler;
    recording->handler = handler;
}

void ExceptionRecorder::task_ended(const Task& task, const TaskEnd& end) {
    if (running_ == &task) running_ = nullptr;
    const auto found = open_.find(task.id);
    if (found == open_.end() || found->second.task != &task || finished_) return;
    if (!found_) {
        // A signal that ends the process is charged before.
        open_.erase(found);
        return;
    }
    found->second.end = end_text(end);
    found->second.at_el0 = false;
    found->second.task = nullptr;
}

}  // namespace uprobesim
