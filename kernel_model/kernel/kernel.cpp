// SPDX-License-Identifier: GPL-2.0-or-later
// The run loop. Processes begin in kernel_process.cpp and kernel_clone.cpp, and end in
// kernel_exit.cpp.
#include "kernel_model/kernel/kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernel_model/files/tty/pty.h"
#include "kernel_model/net/network.h"
#include "kernel_model/run/traps.h"
#include "kernel_model/run/waiting.h"
#include "kernel_model/signal/signals.h"
#include "kernel_model/syscall/dispatch.h"
#include "kernel_model/vdso/vdso.h"

namespace uprobesim {
namespace {

// How far a task runs at most before the time is looked at, and at least, so that going on is worth
// its price.
constexpr std::uint64_t kLongestRun = std::uint64_t{1} << 40;
constexpr std::uint64_t kShortestRun = 1'000;

std::uint64_t cycles_per_second(const Machine& machine) {
    return std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::llround(machine.profile.frequency_hz.value)));
}

}  // namespace

Kernel::Kernel(Machine& machine, FileSystem& files, unsigned cpus)
    : machine_(machine),
      files_(files),
      network_(std::make_shared<Network>()),
      terminals_(std::make_unique<Terminals>(
          [this](std::int32_t group, Signal signal) {
              for (const auto& [pid, process] : processes_) {
                  if (process->group == group)
                      send_signal(*process, {.signal = signal, .code = kSiKernel});
              }
          },
          [this](std::int32_t pid, Signal signal) {
              if (Process* process = find_process(pid))
                  send_signal(*process, {.signal = signal, .code = kSiKernel});
          })),
      dispatcher_(std::make_unique<SyscallDispatcher>()),
      scheduler_(machine.ledger, cycles_per_second(machine)),
      next_id_(kFirstPid),
      vdso_(make_vdso(machine, kEpochNs)) {
    scheduler_.set_cpus(cpus);
    files_.set_clock([this] { return realtime_ns(); });
    files_.set_system_view(this);
}

Kernel::~Kernel() {
    files_.set_system_view(nullptr);
    files_.set_clock([] { return kEpochNs; });  // files may be written back after us
    for (const auto& [pid, process] : processes_) {
        if (process->mm != nullptr) process->mm->observe(nullptr);
        // Open files may have timers and wake who waits for them.
        for (const auto& [id, task] : process->tasks) task->call_holds.reset();
        process->files = {};
        process->posix_timers.clear();
    }
    // Closing the last files may wake tasks of others, which the scheduler is told of.
    processes_.clear();
}

std::uint64_t Kernel::idle_ns() const {
    CentiCycles idle;
    for (const SimCpu& cpu : scheduler_.cpus()) idle += cpu.idle;
    return scheduler_.to_ns(idle);
}

std::vector<std::uint64_t> Kernel::busy_ns() const {
    std::vector<std::uint64_t> busy;
    for (const SimCpu& cpu : scheduler_.cpus())
        busy.push_back(scheduler_.to_ns(cpu.clock - cpu.idle));
    return busy;
}

CpuTime Kernel::cpu_time(const Task& task) const {
    CpuTime time{.user_ns = scheduler_.to_ns(machine_.cpu->cycles(task.context))};
    const auto ledger = machine_.ledger.tasks().find(task.id);
    if (ledger == machine_.ledger.tasks().end()) return time;
    CentiCycles kernel = ledger->second.exception_cycles;
    for (const PathCount& path : ledger->second.paths) kernel += path.cycles;
    time.system_ns = scheduler_.to_ns(kernel);
    return time;
}

CpuTime Kernel::cpu_time(const Process& process) const {
    CpuTime sum = process.ended_tasks_time;
    for (const auto& [id, task] : process.tasks) sum += cpu_time(*task);
    return sum;
}

UserWork Kernel::user_work() const {
    UserWork sum = ended_work_;
    for (const auto& [pid, process] : processes_) {
        for (const auto& [id, task] : process->tasks) sum += machine_.cpu->work(task->context);
    }
    return sum;
}

void Kernel::note_unmodelled(const std::string& what, const std::string& note) {
    UnmodelledUse& use = unmodelled_[what];
    ++use.times;
    if (use.note.empty()) use.note = note;
}

bool Kernel::must_end() const {
    if (limits_.max_insns != 0 && retired_.value >= limits_.max_insns) return true;
    return limits_.watch != nullptr && limits_.watch->wanted_end() != 0;
}

// Of the CPU that is furthest behind: all have come so far.
std::optional<ExitSummary> Kernel::limit_reached() const {
    if (limits_.max_insns != 0 && retired_.value >= limits_.max_insns)
        return ExitSummary{ExitKind::LimitReached, 0,
                           fmt::format("stopped after {} instructions", retired_.value)};
    if (limits_.max_ns != 0 && monotonic_ns() >= limits_.max_ns)
        return ExitSummary{ExitKind::LimitReached, 0,
                           fmt::format("stopped after {} ns of simulated time", limits_.max_ns)};
    return std::nullopt;
}

ExitSummary Kernel::run(const RunLimits& limits) {
    return *run_until(limits, [] { return false; });
}

std::optional<ExitSummary> Kernel::run_until(const RunLimits& limits,
                                             const std::function<bool()>& reached) {
    limits_ = limits;
    while (!reached()) {
        if (auto end = turn()) return end;
    }
    return std::nullopt;
}

// Lets the CPU go on that is furthest behind, or time pass. A value: that was the end.
std::optional<ExitSummary> Kernel::turn() {
    if (summary_) return summary_;
    if (limits_.watch != nullptr) {
        if (const int signal = limits_.watch->wanted_end(); signal != 0)
            return ExitSummary{ExitKind::Interrupted, signal, signal_name(signal)};
        limits_.watch->turn(*this);
    }
    const std::uint64_t end_ns = limits_.max_ns == 0 ? kNoDeadline : limits_.max_ns;
    const auto timer = timers_.next_ns();
    const bool busy = scheduler_.select();
    if (auto end = limit_reached()) return end;
    if (!busy) {
        if (!timer)
            return ExitSummary{ExitKind::Deadlock, 0, "nothing can run any more",
                               waiting_tasks(*this)};
        scheduler_.idle_until(std::min(*timer, end_ns));
        if (*timer <= monotonic_ns()) timers_.expire(monotonic_ns());
    } else if (timer && *timer <= monotonic_ns()) {
        timers_.expire(monotonic_ns());
    } else {
        scheduler_.limit(std::min(timer.value_or(kNoDeadline), end_ns));
        run_here();
    }
    return summary_;
}

// One turn of the current CPU.
void Kernel::run_here() {
    Scheduler::Switch how{};
    Task& task = scheduler_.pick(how);
    const CentiCycles before = machine_.ledger.kernel_cycles(task.id);
    switch (how) {
        case Scheduler::Switch::None: break;
        case Scheduler::Switch::SameSpace: spend(task, KernelPath::ContextSwitch); break;
        case Scheduler::Switch::OtherSpace: spend(task, KernelPath::ContextSwitchMm); break;
        case Scheduler::Switch::FromIdle: spend(task, KernelPath::IdleExit); break;
    }
    task.interrupted += machine_.ledger.kernel_cycles(task.id) - before;
    if (task.resumes_call) spend(task, KernelPath::Wakeup);
    run_task(task);
    const bool yields = yields_ == task.id;
    yields_ = {};
    scheduler_.put_back(task, yields);
    bury_ended();
}

// Cycles are at most a few instructions; what is over is noticed one turn later.
InsnCount Kernel::budget() const {
    const CentiCycles now = scheduler_.now();
    const CentiCycles end = std::min(scheduler_.until(), scheduler_.here().next_tick);
    const std::uint64_t cycles = end > now ? (end - now).value / 100 : 0;
    InsnCount most(std::clamp(cycles, kShortestRun, kLongestRun));
    if (limits_.max_insns != 0)
        most = std::min(most, InsnCount(limits_.max_insns - retired_.value));
    return most;
}

void Kernel::run_task(Task& task) {
    Cpu& cpu = *machine_.cpu;
    while (true) {
        while (task.resumes_call) resume_call(task);
        if (task.tif_uprobe || task.tif_sigpending || task.restore_sigmask) exit_work(task);
        if (task.state != TaskState::Runnable || summary_ || yields_ == task.id) return;
        if (must_end()) return;

        if (observer_ != nullptr && !observer_->returning(task)) [[unlikely]] {
            summary_ = {ExitKind::LimitReached, 0, "stopped by who looks on"};
            return;
        }
        cpu.clear_exclusive(task.context);
        const AddressSpace& space = task.process->mm->space();
        const bool one = task.tif_singlestep || task.runs_slot;
        Stop stop = one ? cpu.step(task.context, space, task.step_word)
                        : cpu.run(task.context, space, budget());
        if (task.runs_slot && std::holds_alternative<StepDone>(stop.why)) {
            // No exception was taken: EL0 goes on behind the instruction of the slot.
            task.runs_slot = false;
            const InsnCount slot = stop.retired;
            stop = cpu.run(task.context, space, budget());
            stop.retired += slot;
        }
        retired_ += stop.retired;
        const CentiCycles cycles = cpu.cycles(task.context);
        scheduler_.ran(cycles - task.user_cycles);
        task.user_cycles = cycles;
        take_trap(*this, task, stop);
        // Who waits for something outside of the guest, as a scenario does, looks at least once a
        // tick.
        if (scheduler_.tick_due()) return tick(task);
        if (scheduler_.now() >= scheduler_.until()) return;
    }
}

void Kernel::tick(Task& task) {
    const CentiCycles before = machine_.ledger.kernel_cycles(task.id);
    exception(task, ExceptionClass::Irq);
    spend(task, KernelPath::TimerTick);
    task.interrupted += machine_.ledger.kernel_cycles(task.id) - before;
    check_cpu_timers(*task.process);
    if (limits_.watch != nullptr) limits_.watch->turn(*this);
    if (scheduler_.tick()) yield(task);
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

// The task was woken in its call: by what it waits on, a signal, or the time.
void Kernel::resume_call(Task& task) {
    task.resumes_call = false;
    if (dispatcher_->resume(*this, task)) return;
    if (task.tif_sigpending && !task.waits_killable) interrupt(task);
}

// A signal arrived at a blocked task.
void Kernel::interrupt(Task& task) {
    const SyscallRow* row = dispatcher_->find(task.blocked_in);
    task.state = TaskState::Runnable;
    if (SignalDelivery(*this, task).deliver(row->restart)) {
        spend(task, row->path);
        end_wait(task, timers_, futexes_);
    } else if (task.state == TaskState::Stopped) {
        task.stopped_in_call = true;
    } else if (task.state == TaskState::Runnable && task.process->alive) {
        task.resumes_call = true;  // no handler: it waits on
    }
}

}  // namespace uprobesim
