// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/debugger.h"

#include <algorithm>
#include <utility>

namespace uprobesim {
namespace {

constexpr InsnCount kOne{1};
// So near to a position a task is run block by block.
constexpr std::uint64_t kNear = 256;
// Returns to EL0 for each look whether gdb wants a stop.
constexpr std::uint32_t kReturnsOfLook = 16;

}  // namespace

void Debugger::begin(Kernel& kernel) {
    kernel_ = &kernel;
    breakpoints_.use(kernel);
    timeline_.begin();
    step_.reset();
    cuts_.clear();
    vforks_.clear();
    anew_ = leaves_ = false;
}

void Debugger::program_started(Process& process) {
    if (program_ == 0) attached_.insert(process.pid);
    program_ = process.pid;
    first_ = process.tasks.begin()->first;
    breakpoints_.watch(process);
}

void Debugger::resume(const Resume& how) {
    if (how.step) {
        if (const Task* task = kernel_->processes().find_task(*how.step))
            step_ = Step{task->id, how.range, cpu().insns(task->context), pc_of(*task)};
    }
    resume_signal_ = how.signal;
}

void Debugger::step_back(const Task& task) {
    const RunPosition now = position_of(task);
    timeline_.seek({now.task, now.insns - kOne}, {});
    anew_ = true;
}

void Debugger::continue_back(const Task& task) {
    timeline_.scan(position_of(task));
    anew_ = true;
}

void Debugger::detach(std::int32_t pid) {
    attached_.erase(pid);
    breakpoints_.forget(pid);
}

void Debugger::give_up_cuts() {
    for (const VAddr at : std::exchange(cuts_, {})) {
        if (!breakpoints_.is_used(at)) break_no_more(cpu(), at);
    }
}

void Debugger::cut_after(const Task& task, std::uint64_t insns) {
    constexpr std::uint64_t kInsnBytes = 4;
    const VAddr pc = pc_of(task), at = pc + insns * kInsnBytes;
    if (at.page() != pc.page()) return;  // blocks end there
    break_before(cpu(), at, &task.process->mm->space());
    cuts_.insert(at);
}

// Tells gdb, or notes it, if the run goes back to find the last one.
void Debugger::stop(Task& task, const StopReason& reason) {
    if (timeline_.scans()) return timeline_.note(position_of(task), reason);
    if (!timeline_.live()) return;
    give_up_cuts();
    step_.reset();
    resume_signal_.reset();
    front_.stopped(task, reason);
}

// A stop that is no signal's: gdb may send one with it.
void Debugger::stop_and_send(Task& task, const StopReason& reason) {
    stop(task, reason);
    const auto sent = std::exchange(resume_signal_, std::nullopt);
    if (!sent || *sent == Signal::None || ends()) return;
    kernel_->signals().send(task, {.signal = *sent, .code = abi::kSiUser});
    changed_ = leaves_ = true;
}

bool Debugger::arrives(Task& task) {
    const auto& goal = timeline_.goal();
    if (!goal || goal->task != task.id || goal->insns != cpu().insns(task.context)) return false;
    if (const auto reason = timeline_.arrive({first_, InsnCount(0)})) {
        stop_and_send(task, *reason);
    } else {
        anew_ = true;
    }
    return true;
}

DebugNext Debugger::next() {
    if (ends()) return DebugNext::End;
    return std::exchange(leaves_, false) ? DebugNext::Return : DebugNext::GoOn;
}

DebugNext Debugger::returning(Task& task) {
    if (ends()) return DebugNext::End;
    if (!is_attached(task.process->pid)) return DebugNext::GoOn;
    if (arrives(task)) return next();
    if (timeline_.live()) {
        if (!std::exchange(begun_, true)) stop_and_send(task, {});
        if (vforks_.erase(task.id) != 0 && front_.wants(StopKind::VforkDone))
            stop_and_send(task, {.kind = StopKind::VforkDone});
        if (++asked_ % kReturnsOfLook == 0 && front_.interrupted())
            stop_and_send(task, {.signal = kGdbInterrupt});
    }
    if (const auto note = hits_.at_return(task)) stop_and_send(task, {.note = *note});
    const DebugNext then = next();
    return then == DebugNext::GoOn ? before_piece(task, false) : then;
}

bool Debugger::step_is_over(const Task& task) {
    if (!step_ || step_->task != task.id) return false;
    const VAddr pc = pc_of(task);
    const InsnCount insns = cpu().insns(task.context);
    if (insns == step_->insns && pc == step_->pc) return false;
    if (!step_->range.contains(pc)) return true;
    step_->insns = insns;
    step_->pc = pc;
    give_up_cuts();
    return false;
}

DebugNext Debugger::before_piece(Task& task, bool paused) {
    if (ends()) return DebugNext::End;
    const std::int32_t pid = task.process->pid;
    if (!is_attached(pid)) return DebugNext::GoOn;
    if (arrives(task)) return next();
    const auto access = paused ? stopped_at_watch(cpu()) : std::nullopt;
    const auto watch = access ? breakpoints_.at(pid, *access) : std::nullopt;
    const auto place = paused && !access ? breakpoints_.at(pid, pc_of(task)) : std::nullopt;
    if (watch) {
        // Backwards, gdb steps to before the access from behind it.
        before_ = timeline_.scans() ? InsnCount(0) - kOne : InsnCount(0);
        stop_and_send(task, *watch);
        before_ = {};
    } else if (step_is_over(task)) {
        stop_and_send(task, {});
    } else if (place) {
        stop_and_send(task, *place);
    }
    const DebugNext then = next();
    if (then != DebugNext::GoOn) return then;
    if (step_ && step_->task == task.id) cut_after(task, 1);
    if (const auto left = left_to_goal(task); left && *left <= kNear) cut_after(task, *left);
    return then;
}

// How many instructions the task has to execute until the goal; nothing: it is not on its way
// there.
std::optional<std::uint64_t> Debugger::left_to_goal(const Task& task) {
    const auto& goal = timeline_.goal();
    const InsnCount now = cpu().insns(task.context);
    if (!goal || goal->task != task.id || goal->insns <= now) return std::nullopt;
    return (goal->insns - now).value;
}

InsnCount Debugger::piece(Task& task, InsnCount most) {
    if (step_ && step_->task == task.id) return std::min(most, kOne);
    const auto left = left_to_goal(task);
    if (!left) return most;
    return std::min(most, *left > kNear ? InsnCount(*left - kNear) : kOne);
}

void Debugger::trapped(Task& task, const Stop& trap) {
    if (ends() || !is_attached(task.process->pid)) return;
    const auto note = hits_.at_brk(task, trap);
    if (!note) return;
    before_ = kOne;
    stop(task, {.note = *note});
    before_ = {};
}

std::optional<SignalInfo> Debugger::signal(Task& task, const SignalInfo& info) {
    if (ends() || !is_attached(task.process->pid)) return info;
    Signal decided = info.signal;
    if (const auto known = timeline_.known_signal(task.id)) {
        decided = *known;
    } else if (timeline_.live()) {
        if (!front_.passes(info.signal)) {
            stop(task, {.signal = gdb_signal_of(info.signal)});
            if (ends()) return std::nullopt;
            decided = std::exchange(resume_signal_, std::nullopt).value_or(Signal::None);
        }
        timeline_.decide(task.id, decided);
    }
    if (decided == info.signal) return info;
    if (decided == Signal::None) return std::nullopt;
    return SignalInfo{.signal = decided, .code = abi::kSiUser};
}

void Debugger::cloned(Task& parent, Task& child, bool vfork) {
    if (ends() || !timeline_.live() || !is_attached(parent.process->pid)) return;
    if (child.process == parent.process) return;
    const StopKind kind = vfork ? StopKind::Vforked : StopKind::Forked;
    if (!front_.wants(kind)) return;
    const std::int32_t pid = child.process->pid;
    attached_.insert(pid);
    breakpoints_.copy(parent.process->pid, pid);
    if (vfork) vforks_[parent.id] = pid;
    stop(parent, {.kind = kind, .child = {pid, child.id.value}});
}

void Debugger::executed(Task& task, TaskId) {
    if (ends() || !is_attached(task.process->pid)) return;
    if (timeline_.live()) {
        breakpoints_.forget(task.process->pid);
        if (front_.wants(StopKind::Executed))
            stop(task, {.kind = StopKind::Executed, .path = task.process->exe});
    }
    breakpoints_.watch(*task.process);
}

void Debugger::exited(Process& process, ExitKind kind, int status) {
    if (ends() || !timeline_.live() || !is_attached(process.pid)) return;
    detach(process.pid);
    front_.exited(process.pid, kind, status);
}

}  // namespace uprobesim
