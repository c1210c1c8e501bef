// SPDX-License-Identifier: GPL-2.0-or-later
// The run loop and the clock. Processes begin and end in kernel_process.cpp.
#include "kernel_model/kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernel_model/signals.h"
#include "kernel_model/syscall/dispatch.h"
#include "kernel_model/traps.h"

namespace uprobesim {
namespace {

// How far a task runs before the timers, or the other runnable tasks, are looked at. Alone it runs until it traps.
constexpr InsnCount kTimerSlice{10'000};
constexpr InsnCount kTaskSlice{100'000};
constexpr InsnCount kAlone{std::uint64_t{1} << 40};

}  // namespace

Kernel::Kernel(Machine& machine, FileSystem& files)
    : machine_(machine),
      files_(files),
      dispatcher_(std::make_unique<SyscallDispatcher>()),
      hz_(std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(machine.profile.frequency_hz.value)))) {
    files_.set_clock([this] { return realtime_ns(); });
}

Kernel::~Kernel() {
    files_.set_clock([] { return kEpochNs; });  // files may be written back after us
    for (const auto& [pid, process] : processes_) {
        if (process->mm != nullptr) process->mm->observe(nullptr);
    }
}

std::uint64_t Kernel::to_ns(CentiCycles cycles) const {
    return static_cast<std::uint64_t>(static_cast<unsigned __int128>(cycles.value) * 10'000'000u / hz_);
}

std::uint64_t Kernel::monotonic_ns() const {
    CentiCycles cycles = machine_.ledger.kernel_cycles();
    for (const auto& [pid, process] : processes_) {
        for (const auto& [id, task] : process->tasks) cycles += machine_.cpu->cycles(task->context);
    }
    return to_ns(cycles) + idle_ns_;
}

Kernel::CpuTime Kernel::cpu_time(const Task& task) const {
    CpuTime time{.user_ns = to_ns(machine_.cpu->cycles(task.context))};
    const auto ledger = machine_.ledger.tasks().find(task.id);
    if (ledger == machine_.ledger.tasks().end()) return time;
    CentiCycles kernel = ledger->second.exception_cycles;
    for (const PathCount& path : ledger->second.paths) kernel += path.cycles;
    time.system_ns = to_ns(kernel);
    return time;
}

Kernel::CpuTime Kernel::cpu_time(const Process& process) const {
    CpuTime sum;
    for (const auto& [id, task] : process.tasks) {
        const CpuTime time = cpu_time(*task);
        sum.user_ns += time.user_ns;
        sum.system_ns += time.system_ns;
    }
    return sum;
}

void Kernel::note_unmodelled(const std::string& what, const std::string& note) {
    UnmodelledUse& use = unmodelled_[what];
    ++use.times;
    if (use.note.empty()) use.note = note;
}

ExitSummary Kernel::run(const RunLimits& limits) {
    max_insns_ = limits.max_insns;
    while (!summary_) {
        if (max_insns_ != 0 && retired_.value >= max_insns_) {
            return {ExitKind::LimitReached, 0, fmt::format("stopped after {} instructions", retired_.value)};
        }
        resume_woken();
        if (summary_) break;
        if (Task* task = next_runnable()) {
            run_task(*task);
        } else if (!idle()) {
            return {ExitKind::Deadlock, 0, waiting_text()};
        }
    }
    return *summary_;
}

// Round robin in the order of task ids.
Task* Kernel::next_runnable() {
    Task* first = nullptr;
    for (const auto& [pid, process] : processes_) {
        for (const auto& [id, task] : process->tasks) {
            if (task->state != TaskState::Runnable) continue;
            if (id > last_run_) return task.get();
            if (first == nullptr) first = task.get();
        }
    }
    return first;
}

InsnCount Kernel::budget() const {
    InsnCount most = kAlone;
    if (runnable_others()) most = kTaskSlice;
    if (timer_armed_ || deadline_ahead()) most = std::min(most, kTimerSlice);
    if (max_insns_ != 0) most = std::min(most, InsnCount(max_insns_ - retired_.value));
    return most;
}

bool Kernel::runnable_others() const {
    std::size_t runnable = 0;
    for (const auto& [pid, process] : processes_) {
        for (const auto& [id, task] : process->tasks) runnable += task->state == TaskState::Runnable ? 1 : 0;
    }
    return runnable > 1;
}

bool Kernel::deadline_ahead() const {
    for (const auto& [pid, process] : processes_) {
        for (const auto& [id, task] : process->tasks) {
            if (task->state == TaskState::Blocked && task->wait_deadline_ns != kNoDeadline) return true;
        }
    }
    return false;
}

void Kernel::run_task(Task& task) {
    Cpu& cpu = *machine_.cpu;
    last_run_ = task.id;
    const InsnCount most = budget();
    while (true) {
        if (task.tif_uprobe || task.tif_sigpending || task.restore_sigmask) exit_work(task);
        if (task.state != TaskState::Runnable || summary_) return;
        if (max_insns_ != 0 && retired_.value >= max_insns_) return;

        if (observer_ != nullptr && !observer_->returning(task)) [[unlikely]] {
            summary_ = {ExitKind::LimitReached, 0, "stopped by who looks on"};
            return;
        }
        cpu.clear_exclusive(task.context);
        const AddressSpace& space = task.process->mm->space();
        const bool one = task.tif_singlestep || task.runs_slot;
        const Stop stop = one ? cpu.step(task.context, space, task.step_word) : cpu.run(task.context, space, most);
        retired_ += stop.retired;
        if (task.runs_slot && std::holds_alternative<StepDone>(stop.why)) {
            task.runs_slot = false;
            continue;
        }
        take_trap(*this, task, stop);
        if (timer_armed_) fire_timers();
        if (std::holds_alternative<BudgetSpent>(stop.why)) return;
    }
}

// exit_to_user_mode_loop: uprobes first, then signals, until nothing is left to do.
void Kernel::exit_work(Task& task) {
    while (task.state == TaskState::Runnable && !summary_) {
        if (task.tif_uprobe) {
            if (observer_ != nullptr) [[unlikely]] {
                observer_->exit_work(task);
            }
            task.tif_uprobe = false;
            if (client_ != nullptr) client_->notify_resume(task);
            // Signals that were denied during the step.
            if (!task.tif_singlestep && !task.pending.empty()) recalc_sigpending(task);
        }
        if (task.tif_sigpending) SignalDelivery(*this, task).deliver(Interrupted::No);
        if (task.tif_uprobe || task.tif_sigpending) continue;
        if (!task.restore_sigmask) return;
        task.restore_sigmask = false;
        task.sigmask = task.saved_sigmask;
        recalc_sigpending(task);
    }
}

// Enters the calls again whose tasks were woken, have a signal or have reached their deadline, in task order.
void Kernel::resume_woken() {
    const std::uint64_t now = monotonic_ns();
    for (const auto& [pid, process] : processes_) {
        for (const auto& [id, task] : process->tasks) {
            if (task->state != TaskState::Blocked) continue;
            if (!task->woken && !task->tif_sigpending && task->wait_deadline_ns > now) continue;
            if (!dispatcher_->resume(*this, *task) && task->tif_sigpending) interrupt(*task);
            if (summary_) return;
        }
    }
}

// A signal arrived at a blocked task.
void Kernel::interrupt(Task& task) {
    const SyscallRow* row = dispatcher_->find(task.blocked_in);
    task.state = TaskState::Runnable;
    if (SignalDelivery(*this, task).deliver(restart_kind(task.blocked_in))) {
        spend(task, row->path);
        task.wait_deadline_ns = kNoDeadline;
        WaitQueue::leave_all(task);
        return;
    }
    if (task.state == TaskState::Stopped) {
        // Starts over when it is continued.
        machine_.cpu->write(task.context, Reg::Pc, machine_.cpu->read(task.context, Reg::Pc) - 4);
    } else if (task.state == TaskState::Runnable && task.process->alive) {
        task.state = TaskState::Blocked;
    }
}

void Kernel::timers_changed() {
    timer_armed_ = false;
    for (const auto& [pid, process] : processes_) timer_armed_ = timer_armed_ || process->real_timer.next_ns != 0;
}

void Kernel::fire_timers() {
    const std::uint64_t now = monotonic_ns();
    bool fired = false;
    for (const auto& [pid, process] : processes_) {
        IntervalTimer& timer = process->real_timer;
        if (timer.next_ns == 0 || timer.next_ns > now || !process->alive) continue;
        fired = true;
        // Missed periods are one signal, as on Linux.
        const std::uint64_t missed = timer.interval_ns == 0 ? 0 : (now - timer.next_ns) / timer.interval_ns + 1;
        timer.next_ns = timer.interval_ns == 0 ? 0 : timer.next_ns + missed * timer.interval_ns;
        Task& task = *process->tasks.begin()->second;
        exception(task, ExceptionClass::Irq);
        send_signal(task, {.signal = Signal::Alrm, .code = kSiKernel});
    }
    if (fired) timers_changed();
}

// The next moment after now at which something happens by itself.
std::uint64_t Kernel::next_event_ns() const {
    const std::uint64_t now = monotonic_ns();
    std::uint64_t next = kNoDeadline;
    for (const auto& [pid, process] : processes_) {
        if (process->real_timer.next_ns > now) next = std::min(next, process->real_timer.next_ns);
        for (const auto& [id, task] : process->tasks) {
            const bool waits = task->state == TaskState::Blocked && task->wait_deadline_ns > now;
            if (waits) next = std::min(next, task->wait_deadline_ns);
        }
    }
    return next;
}

// Nothing can run: time passes until something does. False: nothing ever will.
bool Kernel::idle() {
    const std::uint64_t next = next_event_ns();
    if (next == kNoDeadline) return false;
    idle_ns_ += next - monotonic_ns();
    if (timer_armed_) fire_timers();
    return true;
}

std::string Kernel::waiting_text() const {
    std::string text = "nothing can run any more:";
    for (const auto& [pid, process] : processes_) {
        for (const auto& [id, task] : process->tasks) {
            if (task->state == TaskState::Dead) continue;
            const SyscallRow* row = dispatcher_->find(task->blocked_in);
            const bool blocked = task->state == TaskState::Blocked && row != nullptr;
            text += fmt::format(" task {} ({}) {}", id.value, task->comm,
                                blocked ? fmt::format("waits in {}", row->name) : "is stopped");
        }
    }
    return text;
}

}  // namespace uprobesim
