// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/run/run_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kernel_model/abi/calls/restart.h"
#include "kernel_model/run/debugged_run.h"
#include "kernel_model/run/tracee_step.h"
#include "kernel_model/run/traps.h"
#include "kernel_model/run/waiting.h"
#include "kernel_model/signal/rseq.h"
#include "kernel_model/signal/signals.h"
#include "sim/cpu/unicorn/place_stops.h"

namespace uprobesim {
namespace {

// Bounds of the instructions that a task executes before the time is checked: the lower one makes
// entering the engine worth its cost.
constexpr std::uint64_t kLongestRun = std::uint64_t{1} << 40;
constexpr std::uint64_t kShortestRun = 1'000;
// Where timers of CPU time sample the program, the tick comes to it where it is: code between two
// system calls that is shorter than kShortestRun would never be met.
constexpr std::uint64_t kShortestSampledRun = 1;

bool is_sampled(const Process& process) {
    return process.virtual_timer.next_ns != 0 || process.profiling_timer.next_ns != 0 ||
           !process.cpu_timers.empty();
}

}  // namespace

const std::optional<ExitSummary>& RunLoop::ended() const {
    return stopped_ ? stopped_ : kernel_.processes().main_exit();
}

bool RunLoop::must_end() const {
    if (limits_.max_insns != 0 && kernel_.counters().retired().value >= limits_.max_insns)
        return true;
    if (limits_.legs != nullptr && limits_.legs->wants_end()) return true;
    return limits_.watch != nullptr && limits_.watch->wanted_end() != 0;
}

// The time of the CPU with the lowest clock: all others have reached it.
std::optional<ExitSummary> RunLoop::limit_reached() const {
    if (limits_.max_insns != 0 && kernel_.counters().retired().value >= limits_.max_insns)
        return ExitSummary{
            ExitKind::LimitReached, 0,
            fmt::format("stopped after {} instructions", kernel_.counters().retired().value)};
    if (limits_.max_ns != 0 && kernel_.clock().monotonic_ns() >= limits_.max_ns)
        return ExitSummary{ExitKind::LimitReached, 0,
                           fmt::format("stopped after {} ns of simulated time", limits_.max_ns)};
    if (kernel_.clock().monotonic_ns() >= kernel_.scheduler().last_ns())
        return ExitSummary{ExitKind::LimitReached, 0,
                           fmt::format("stopped after {} s, where the simulated clock ends",
                                       kernel_.scheduler().last_ns() / 1'000'000'000)};
    return std::nullopt;
}

ExitSummary RunLoop::run(const RunLimits& limits) {
    return *run_until(limits, [] { return false; });
}

std::optional<ExitSummary> RunLoop::run_until(const RunLimits& limits,
                                              const std::function<bool()>& reached) {
    limits_ = limits;
    while (!reached()) {
        if (auto end = turn()) {
            if (kernel_.legs() != nullptr)
                kernel_.scheduler().give_up_legs(*kernel_.legs(),
                                                 [&](unsigned cpu) { bill_leg(cpu); });
            return end;
        }
    }
    return std::nullopt;
}

std::uint64_t RunLoop::turns_end_ns() const {
    std::uint64_t end_ns = kernel_.scheduler().last_ns();
    if (limits_.max_ns != 0) end_ns = std::min(end_ns, limits_.max_ns);
    if (pause_ns_ != 0) end_ns = std::min(end_ns, pause_ns_);
    return end_ns;
}

// Runs the CPU with the lowest clock, or lets time pass if all are idle. A value: the run ended.
std::optional<ExitSummary> RunLoop::turn() {
    if (debugger_ends() || ended()) return ended();
    if (limits_.legs != nullptr && limits_.legs->wants_end())
        return ExitSummary{ExitKind::LimitReached, 0, "stopped by the observer of legs"};
    if (limits_.watch != nullptr) {
        if (const int signal = limits_.watch->wanted_end(); signal != 0)
            return ExitSummary{ExitKind::Interrupted, signal, signal_name(signal)};
        limits_.watch->turn(kernel_);
    }
    const std::uint64_t end_ns = turns_end_ns();
    Timers& timers = kernel_.timers();
    Scheduler& scheduler = kernel_.scheduler();
    const auto timer = timers.next_ns();
    const bool busy = scheduler.select();
    if (auto end = limit_reached()) return end;
    if (!busy) {
        if (!timer && kernel_.debugger() != nullptr && kernel_.debugger()->starved())
            return ended();
        if (!timer)
            return ExitSummary{ExitKind::Deadlock, 0, "nothing can run any more",
                               waiting_tasks(kernel_, dispatcher_)};
        scheduler.idle_until(std::min(*timer, end_ns));
        if (*timer <= scheduler.now_ns()) timers.expire(scheduler.now_ns());
    } else if (timer && *timer <= scheduler.now_ns()) {
        timers.expire(scheduler.now_ns());
    } else if (scheduler.here().in_leg) {
        run_legs(std::min(timer.value_or(kNoDeadline), end_ns));
    } else {
        scheduler.limit(std::min(timer.value_or(kNoDeadline), end_ns));
        run_here();
    }
    return ended();
}

// One turn of the current CPU.
void RunLoop::run_here() {
    Scheduler& scheduler = kernel_.scheduler();
    ExceptionGate& gate = kernel_.gate();
    Scheduler::Switch how{};
    Task& task = scheduler.pick(how);
    const auto switched = [&](KernelPath path) { gate.spend(task, path, 0, Account::Interrupt); };
    switch (how) {
        case Scheduler::Switch::None: break;
        case Scheduler::Switch::SameSpace: switched(KernelPath::ContextSwitch); break;
        case Scheduler::Switch::OtherSpace: switched(KernelPath::ContextSwitchMm); break;
        case Scheduler::Switch::FromIdle: switched(KernelPath::IdleExit); break;
    }
    if (how != Scheduler::Switch::None) disturb_rseq(task);
    if (task.resumes_call) gate.spend(task, KernelPath::Wakeup);
    run_task(task);
    goes_on_later(task);
    scheduler.put_back(task, scheduler.yields(task));
    kernel_.processes().reap_exited();
}

// The number of instructions to run before the next event. An instruction takes about a cycle or
// more, so the event is noticed at most one turn late.
InsnCount RunLoop::budget(const Process& process) const {
    const Scheduler& scheduler = kernel_.scheduler();
    const auto cycles_to = [now = scheduler.now()](CentiCycles end) {
        return end > now ? (end - now).value / 100 : 0;
    };
    const std::uint64_t tick = cycles_to(scheduler.here().next_tick);
    const std::uint64_t shortest =
        is_sampled(process) ? std::clamp(tick, kShortestSampledRun, kShortestRun) : kShortestRun;
    const std::uint64_t cycles = std::min(tick, cycles_to(scheduler.until()));
    InsnCount bound(std::clamp(cycles, shortest, kLongestRun));
    if (limits_.max_insns != 0)
        bound = std::min(bound, InsnCount(limits_.max_insns - kernel_.counters().retired().value));
    return bound;
}

void RunLoop::run_task(Task& task) {
    Cpu& cpu = *kernel_.machine().cpu;
    Scheduler& scheduler = kernel_.scheduler();
    while (true) {
        while (task.resumes_call) resume_call(task);
        if (task.trace != nullptr && trace_work(task)) [[unlikely]]
            continue;
        if (task.tif_uprobe || task.tif_sigpending || task.restore_sigmask ||
            task.tif_notify_resume)
            exit_work(task);
        if (task.state != TaskState::Runnable || ended() || scheduler.yields(task)) return;
        if (must_end()) return;
        if (goes_on_later(task)) return;

        if (DebugHook* const debugger = kernel_.debugger();
            debugger != nullptr && debugger->returning(task) != DebugNext::GoOn) [[unlikely]] {
            if (debugger_ends()) return;
            continue;
        }
        if (observer_ends(task)) [[unlikely]]
            return;
        bool turn_ends = false;
        const Stop stop = run_at_el0(task, turn_ends);
        kernel_.counters().add_retired(stop.retired);
        const CentiCycles cycles = cpu.cycles(task.context);
        scheduler.ran(cycles - task.user_cycles);
        task.user_cycles = cycles;
        take_trap(kernel_, dispatcher_, task, stop);
        // A turn ends at the tick: run_until() checks its condition at least that often.
        if (scheduler.tick_due()) return tick(task);
        if (turn_ends || scheduler.now() >= scheduler.until()) return;
    }
}

// From the return to EL0 to the next exception, or to the end of the task's budget.
Stop RunLoop::run_at_el0(Task& task, bool& turn_ends) {
    Cpu& cpu = *kernel_.machine().cpu;
    cpu.clear_exclusive(task.context);
    const bool in_place = steps_for_tracer(task);
    if (!in_place && !task.tif_singlestep && !task.runs_slot)
        return run_past_places(task, turn_ends);
    Stop stop = in_place ? step_in_place(kernel_, task)
                         : cpu.step(task.context, task.process->mm->space(), task.step_word);
    if (kernel_.debugger() != nullptr && stopped_at_watch(cpu)) [[unlikely]]
        (void)kernel_.debugger()->before_piece(task, true);
    if (task.runs_slot && std::holds_alternative<StepDone>(stop.why)) {
        // No exception was taken: EL0 continues after the instruction in the slot.
        task.runs_slot = false;
        const InsnCount slot = stop.retired;
        stop = run_past_places(task, turn_ends);
        stop.retired += slot;
    }
    return stop;
}

// The debugger has ended the run.
bool RunLoop::debugger_ends() {
    if (kernel_.debugger() == nullptr || !kernel_.debugger()->ends()) return false;
    if (!ended())
        stopped_ = {ExitKind::Interrupted, static_cast<int>(Signal::Kill),
                    "killed by the debugger"};
    return true;
}

// The observer, told of the return to EL0, has ended the run.
bool RunLoop::observer_ends(const Task& task) {
    TrapObserver* const observer = kernel_.observer();
    if (observer == nullptr || observer->returning(task)) return false;
    stopped_ = {ExitKind::LimitReached, 0, "stopped by the observer"};
    return true;
}

// Runs the task as far as its budget goes, past places at which the turn is not to end.
Stop RunLoop::run_past_places(Task& task, bool& turn_ends) {
    Cpu& cpu = *kernel_.machine().cpu;
    const AddressSpace& space = task.process->mm->space();
    const InsnCount bound = budget(*task.process);
    if (kernel_.debugger() != nullptr) [[unlikely]] {
        const DebuggedRun run = run_debugged(kernel_, task, bound, ends_turn_);
        turn_ends = run.turn_ends;
        return run.stop;
    }
    Stop stop = cpu.run(task.context, space, bound);
    while (ends_turn_ && stopped_before_place(cpu)) [[unlikely]] {
            turn_ends = ends_turn_(task, stop.pc);
            const InsnCount so_far = stop.retired;
            if (turn_ends || (so_far >= bound && !stopped_inside_block(cpu))) break;
            stop = cpu.run(task.context, space, so_far < bound ? bound - so_far : InsnCount(0));
            stop.retired += so_far;
        }
    return stop;
}

void RunLoop::run_legs(std::uint64_t end_ns) {
    Scheduler& scheduler = kernel_.scheduler();
    scheduler.run_legs(*kernel_.legs(), end_ns,
                       [&](unsigned cpu) { leg_over(cpu, scheduler.cpus()[cpu].clock); });
}

void RunLoop::leg_over(unsigned cpu, CentiCycles at) {
    if (limits_.legs != nullptr) limits_.legs->over(cpu, at, *kernel_.legs());
    bill_leg(cpu);
}

void RunLoop::bill_leg(unsigned cpu) {
    const Legs::Pending& leg = kernel_.legs()->of(cpu);
    if (TrapClient* client = kernel_.client(); client != nullptr)
        client->leg_over(leg.task, leg.subject, leg.use);
}

// At the end of a leg, or of a turn within one: whether it touched lines that other CPUs use, so
// that its time is still to pass. It passes at once where no other CPU does anything, or none has
// ever touched the same.
bool RunLoop::goes_on_later(Task& task) {
    Legs* const legs = kernel_.legs();
    if (legs == nullptr) return false;
    if (!legs->shares()) {
        legs->forget();
        return false;
    }
    Scheduler& scheduler = kernel_.scheduler();
    const unsigned here = scheduler.here().id;
    const CentiCycles charged = legs->begin(here, task.id, scheduler.others_busy());
    const bool later = legs->of(here).jitter;
    if (later) scheduler.begin_leg(charged);
    CentiCycles at = later ? scheduler.here().clock : scheduler.now() - charged;
    if (limits_.legs != nullptr) limits_.legs->begun(here, at, *legs);
    if (later) return true;
    while (!legs->of(here).over()) at = legs->step(here, at);
    legs->finish(here);
    leg_over(here, at);
    return false;
}

void RunLoop::tick(Task& task) {
    kernel_.gate().exception(task, ExceptionClass::Irq, Account::Interrupt);
    kernel_.gate().spend(task, KernelPath::TimerTick, 0, Account::Interrupt);
    kernel_.signal_timers().check_cpu_timers(*task.process);
    if (limits_.watch != nullptr) limits_.watch->turn(kernel_);
    if (kernel_.scheduler().tick()) kernel_.scheduler().yield(task);
}

// exit_to_user_mode_loop: uprobes first, then signals, then restartable sequences, until nothing is
// left to do.
void RunLoop::exit_work(Task& task) {
    while (task.state == TaskState::Runnable && !ended()) {
        if (task.tif_uprobe) {
            if (TrapObserver* observer = kernel_.observer(); observer != nullptr) [[unlikely]] {
                observer->exit_work(task);
            }
            task.tif_uprobe = false;
            if (TrapClient* client = kernel_.client(); client != nullptr)
                client->notify_resume(task);
            // Signals that uprobe_deny_signal() held back during the step.
            if (!task.tif_singlestep && !task.pending.empty()) kernel_.signals().recalculate(task);
        }
        if (task.tif_sigpending) SignalDelivery(kernel_, task).deliver(std::nullopt);
        if (task.tif_uprobe || task.tif_sigpending) continue;
        if (task.tif_notify_resume) {
            resume_rseq(kernel_, task);
            continue;
        }
        if (!task.restore_sigmask) return;
        task.restore_sigmask = false;
        task.sigmask = task.saved_sigmask;
        kernel_.signals().recalculate(task);
    }
}

// What a tracee does when its tracer lets it go on. True: something was done.
bool RunLoop::trace_work(Task& task) {
    Trace& trace = *task.trace;
    if (task.state != TaskState::Runnable) return false;
    if (trace.enters_call) {
        dispatcher_.enter_traced(kernel_, task);
    } else if (trace.restarts) {
        end_restarted(task);
    } else if (std::exchange(trace.exit_stop_later, false)) {
        if (trace.resume != TraceResume::Syscall) return false;
        kernel_.tracing().stop_at_call(task, TraceStop::Exit,
                                       static_cast<std::uint32_t>(trace.number));
    } else {
        return false;
    }
    return task.state == TaskState::Runnable || task.state == TaskState::Blocked;
}

// A call whose end was reported as one that is made again: by the handler of the signal that ended
// it, or at once.
void RunLoop::end_restarted(Task& task) {
    if (task.tif_sigpending && SignalDelivery(kernel_, task).deliver(*task.trace->restarts)) {
        task.trace->restarts.reset();
        end_wait(task, kernel_.timers(), kernel_.futexes());
        return;
    }
    if (task.state != TaskState::Runnable || !task.process->alive) return;
    Cpu& cpu = *kernel_.machine().cpu;
    if (std::exchange(task.trace->restarts, {}) == Interrupted::RestartBlock) {
        task.restarted = RestartedCall{task.blocked_in, task.wait_deadline_ns, task.call_progress};
        cpu.write(task.context, Reg::X8, abi::kRestartSyscall);
        end_wait(task, kernel_.timers(), kernel_.futexes());
    }
    cpu.write(task.context, Reg::Pc, cpu.read(task.context, Reg::Pc) - 4);
}

// PTRACE_SINGLESTEP, where the probe layer does not step itself.
bool RunLoop::steps_for_tracer(const Task& task) {
    if (task.trace == nullptr || !task.tif_singlestep) return false;
    const TrapClient* client = kernel_.client();
    return client == nullptr || !client->owns_step(task);
}

// The task was woken in its call: by a wait queue, a signal, or its deadline.
void RunLoop::resume_call(Task& task) {
    task.resumes_call = false;
    if (task.waits_in_fault) [[unlikely]] {
        task.waits_in_fault = task.was_stopped = false;
        task.leave_queues();
        return;
    }
    const bool was_stopped = std::exchange(task.was_stopped, false);
    if (dispatcher_.resume(kernel_, task)) return;
    if (SyscallDispatcher::is_interrupted(task)) {
        interrupt(task);
    } else if (was_stopped && task.interrupted == Interrupted::Intr) {
        dispatcher_.end_interrupted(kernel_, task);
    }
}

namespace {
std::int64_t shown_to_tracer(Interrupted interrupted) {
    switch (interrupted) {
        case Interrupted::RestartSys: return abi::kErestartsys;
        case Interrupted::RestartNoIntr: return abi::kErestartnointr;
        case Interrupted::RestartNoHand: return abi::kErestartnohand;
        case Interrupted::RestartBlock: return abi::kErestartRestartblock;
        case Interrupted::Intr: break;
    }
    return static_cast<std::int64_t>(Errno::Intr);
}
}  // namespace

// The end of the call is reported before its signal is.
void RunLoop::interrupt_traced(Task& task) {
    if (task.interrupted == Interrupted::Intr) return dispatcher_.end_interrupted(kernel_, task);
    task.state = TaskState::Runnable;
    Cpu& cpu = *kernel_.machine().cpu;
    task.trace->restarts = task.interrupted;
    const std::uint64_t first = cpu.read(task.context, Reg::X0);
    cpu.write(task.context, Reg::X0,
              static_cast<std::uint64_t>(-shown_to_tracer(task.interrupted)));
    kernel_.tracing().stop_at_call(task, TraceStop::Exit, task.blocked_in);
    task.trace->x0 = first;
}

// A signal arrived at a blocked task.
void RunLoop::interrupt(Task& task) {
    const SyscallRow* row = dispatcher_.find(task.blocked_in);
    if (task.trace != nullptr && task.trace->resume == TraceResume::Syscall) [[unlikely]]
        return interrupt_traced(task);
    task.state = TaskState::Runnable;
    if (SignalDelivery(kernel_, task).deliver(task.interrupted)) {
        kernel_.gate().spend(task, row->path);
        end_wait(task, kernel_.timers(), kernel_.futexes());
        return;
    }
    // No handler.
    if (task.state == TaskState::Dead || !task.process->alive) return;
    if (task.interrupted == Interrupted::Intr) {
        dispatcher_.end_interrupted(kernel_, task);
    } else if (task.state == TaskState::Stopped) {
        task.stopped_in_call = true;
    } else if (task.state == TaskState::Runnable) {
        task.resumes_call = true;  // the wait continues
    }
}

}  // namespace uprobesim
