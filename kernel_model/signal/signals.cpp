// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/signal/signals.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/abi/resource.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/signal/signals_frame.h"

namespace uprobesim {
namespace {

// Signals an instruction raises at itself; they are taken before all others (SYNCHRONOUS_MASK).
constexpr std::uint64_t kSynchronous = signal_bit(Signal::Segv) | signal_bit(Signal::Bus) |
                                       signal_bit(Signal::Ill) | signal_bit(Signal::Trap) |
                                       signal_bit(Signal::Fpe) | signal_bit(Signal::Sys);
constexpr std::uint64_t kStopSignals = signal_bit(Signal::Stop) | signal_bit(Signal::Tstp) |
                                       signal_bit(Signal::Ttin) | signal_bit(Signal::Ttou);

std::uint64_t bit_of(const SignalInfo& info) {
    return signal_bit(info.signal);
}
bool real_time(Signal s) {
    return static_cast<int>(s) >= abi::kSigrtmin;
}
SignalAction& action_of(Task& task, Signal s) {
    return task.process->actions[static_cast<std::size_t>(s)];
}

bool ignored(Task& task, Signal s) {
    const std::uint64_t handler = action_of(task, s).handler;
    if (handler == kSigIgn) return true;
    return handler == kSigDfl && (default_action(s) == DefaultAction::Ignore ||
                                  default_action(s) == DefaultAction::Continue);
}

bool restarts(const SignalAction& action, Interrupted interrupted) {
    return interrupted == Interrupted::RestartIfAsked && (action.flags & kSaRestart) != 0;
}

using Queue = std::deque<SignalInfo>;

void drop(Queue& queue, std::uint64_t set) {
    std::erase_if(queue, [&](const SignalInfo& p) { return (bit_of(p) & set) != 0; });
}

void drop_everywhere(Process& process, std::uint64_t set) {
    drop(process.pending, set);
    for (const auto& [id, task] : process.tasks) drop(task->pending, set);
}

bool any_deliverable(const Queue& queue, std::uint64_t sigmask) {
    return std::any_of(queue.begin(), queue.end(),
                       [&](const SignalInfo& p) { return (bit_of(p) & ~sigmask) != 0; });
}

// Standard signals queue once, real-time ones as often as RLIMIT_SIGPENDING allows: it bounds what
// a guest can make us keep. False: not again.
bool queue_signal(Queue& queue, const SignalInfo& info, const Process& process) {
    const bool queued = std::any_of(queue.begin(), queue.end(),
                                    [&](const SignalInfo& p) { return p.signal == info.signal; });
    if (queued &&
        (!real_time(info.signal) || queue.size() >= process.limits[abi::kRlimitSigpending].soft))
        return false;
    queue.push_back(info);
    return true;
}

}  // namespace

std::optional<SignalInfo> take_pending(Kernel& kernel, Task& task, std::uint64_t set) {
    for (Queue* pending : {&task.pending, &task.process->pending}) {
        auto found = pending->end();
        for (auto it = pending->begin(); it != pending->end(); ++it) {
            if ((bit_of(*it) & set) == 0) continue;
            if (found == pending->end() || it->signal < found->signal) found = it;
        }
        if (found == pending->end()) continue;
        SignalInfo info = *found;
        pending->erase(found);
        kernel.signal_taken(task, info);
        kernel.recalc_sigpending(task);
        return info;
    }
    return std::nullopt;
}

bool CallerSignals::any(std::uint64_t set) const {
    const Task* task = kernel_.current();
    return task != nullptr &&
           (any_deliverable(task->pending, ~set) || any_deliverable(task->process->pending, ~set));
}

std::optional<SignalInfo> CallerSignals::take(std::uint64_t set) {
    Task* task = kernel_.current();
    return task == nullptr ? std::nullopt : take_pending(kernel_, *task, set);
}

WaitQueue* CallerSignals::arrivals() {
    Task* task = kernel_.current();
    return task == nullptr ? nullptr : &task->process->signal_arrived;
}

DefaultAction default_action(Signal signal) {
    switch (signal) {
        case Signal::Chld:
        case Signal::Urg:
        case Signal::Winch: return DefaultAction::Ignore;
        case Signal::Stop:
        case Signal::Tstp:
        case Signal::Ttin:
        case Signal::Ttou: return DefaultAction::Stop;
        case Signal::Cont: return DefaultAction::Continue;
        default: return DefaultAction::Terminate;
    }
}

std::string signal_name(int signal) {
    static constexpr const char* kNames[] = {
        "SIG0",      "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
        "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
        "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
        "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS"};
    if (signal >= 0 && signal < abi::kSigrtmin) return kNames[signal];
    return fmt::format("SIGRT{}", signal - abi::kSigrtmin);
}

void Kernel::recalc_sigpending(Task& task) {
    task.tif_sigpending = any_deliverable(task.pending, task.sigmask) ||
                          any_deliverable(task.process->pending, task.sigmask);
}

// prepare_signal: what stop and continue do at once, whoever is to take them. False: nobody wants
// the signal.
bool Kernel::prepare_signal(Process& process, const SignalInfo& info, bool blocked) {
    if (info.signal == Signal::Cont) {
        drop_everywhere(process, kStopSignals);
        continue_process(process);
    } else if ((bit_of(info) & kStopSignals) != 0) {
        drop_everywhere(process, signal_bit(Signal::Cont));
    }
    if (info.signal == Signal::Kill) continue_process(process);
    // A blocked signal is kept even if it is ignored now: that may change before it is unblocked.
    Task& first = *process.tasks.begin()->second;
    const bool wanted = blocked || !ignored(first, info.signal);
    if (observer_ != nullptr && !wanted) [[unlikely]] {
        observer_->signal_taken(first, info);
    }
    return wanted;
}

void Kernel::send_signal(Task& task, const SignalInfo& info) {
    if (info.signal == Signal::None || task.state == TaskState::Dead) return;
    const bool blocked = (task.sigmask & bit_of(info)) != 0;
    if (!prepare_signal(*task.process, info, blocked)) return;
    if (!queue_signal(task.pending, info, *task.process)) return;
    task.process->signal_arrived.wake();
    if (!blocked) task.tif_sigpending = true;
    scheduler_.wake(task);  // sigtimedwait waits for blocked ones
}

void Kernel::send_signal(Process& process, const SignalInfo& info) {
    if (info.signal == Signal::None || !process.alive) return;
    // complete_signal: one task that can take it now; the main one first.
    Task* taker = nullptr;
    for (const auto& [id, task] : process.tasks) {
        const bool can = task->state != TaskState::Dead && (task->sigmask & bit_of(info)) == 0;
        if (can && taker == nullptr) taker = task.get();
    }
    if (!prepare_signal(process, info, taker == nullptr)) return;
    if (!queue_signal(process.pending, info, process)) return;
    process.signal_arrived.wake();
    if (taker != nullptr) {
        taker->tif_sigpending = true;
        scheduler_.wake(*taker);
        return;
    }
    for (const auto& [id, task] : process.tasks) {
        if (task->state != TaskState::Dead) scheduler_.wake(*task);
    }
}

void Kernel::force_signal(Task& task, const SignalInfo& info) {
    SignalAction& action = action_of(task, info.signal);
    const std::uint64_t bit = bit_of(info);
    if ((task.sigmask & bit) != 0 || action.handler == kSigIgn) {
        action.handler = kSigDfl;
        task.sigmask &= ~bit;
    }
    drop(task.pending, bit);
    task.pending.push_back(info);
    task.tif_sigpending = true;
}

// The task's own signals before the process's.
std::optional<SignalInfo> SignalDelivery::dequeue() {
    const auto rank = [](const SignalInfo& p) {
        const bool synchronous = p.code > 0 && (bit_of(p) & kSynchronous) != 0;
        const bool kill = p.signal == Signal::Kill;
        return (kill ? 0 : synchronous ? 100 : 200) + static_cast<int>(p.signal);
    };
    for (Queue* queue : {&task_.pending, &task_.process->pending}) {
        auto best = queue->end();
        for (auto it = queue->begin(); it != queue->end(); ++it) {
            if ((bit_of(*it) & task_.sigmask & ~kUnblockable) != 0) continue;
            if (best == queue->end() || rank(*it) < rank(*best)) best = it;
        }
        if (best == queue->end()) continue;
        SignalInfo info = *best;
        queue->erase(best);
        kernel_.signal_taken(task_, info);
        kernel_.recalc_sigpending(task_);
        return info;
    }
    task_.tif_sigpending = false;
    return std::nullopt;
}

bool SignalDelivery::deliver(Interrupted interrupted) {
    if (TrapClient* client = kernel_.client(); client != nullptr && client->deny_signal(task_)) {
        task_.tif_sigpending = false;
        return false;
    }
    while (task_.state != TaskState::Dead && task_.process->alive) {
        const auto info = dequeue();
        if (!info) return false;
        const SignalAction& action = action_of(task_, info->signal);
        const bool handled = action.handler != kSigIgn && action.handler != kSigDfl;
        if (TrapObserver* observer = kernel_.observer(); observer != nullptr) [[unlikely]] {
            if (handled && interrupted != Interrupted::No)
                observer->call_interrupted(task_, restarts(action, interrupted));
            observer->signal_taken(task_, *info);
        }
        if (action.handler == kSigIgn) continue;
        if (handled) {
            enter_handler(*info, interrupted);
            return true;
        }
        switch (default_action(info->signal)) {
            case DefaultAction::Ignore:
            case DefaultAction::Continue: continue;
            case DefaultAction::Stop:
                // What a terminal may ask for stops nobody who could not be continued by a shell.
                if (info->signal != Signal::Stop && kernel_.orphaned(task_.process->group))
                    continue;
                kernel_.stop_process(*task_.process, info->signal);
                return false;
            case DefaultAction::Terminate: fatal(*info); return false;
        }
    }
    return false;
}

void SignalDelivery::enter_handler(const SignalInfo& info, Interrupted interrupted) {
    SignalAction& action = action_of(task_, info.signal);
    const SignalAction taken = action;
    if ((taken.flags & kSaResetHand) != 0) action.handler = kSigDfl;

    Cpu& cpu = *kernel_.machine().cpu;
    if (interrupted != Interrupted::No) {
        if (restarts(taken, interrupted)) {
            cpu.write(task_.context, Reg::Pc,
                      cpu.read(task_.context, Reg::Pc) - 4);  // x0 still holds the argument
        } else {
            cpu.write(task_.context, Reg::X0,
                      static_cast<std::uint64_t>(-static_cast<std::int64_t>(Errno::Intr)));
        }
    }
    kernel_.spend(task_, KernelPath::SignalDeliver);
    if (!push_signal_frame(kernel_, task_, info, taken)) {
        // force_sigsegv: a SIGSEGV whose own frame does not fit is final.
        if (info.signal == Signal::Segv) action_of(task_, Signal::Segv).handler = kSigDfl;
        kernel_.force_signal(task_, {.signal = Signal::Segv, .code = kSiKernel});
        return;
    }
    task_.restore_sigmask = false;
    task_.sigmask |= taken.mask;
    if ((taken.flags & kSaNoDefer) == 0) task_.sigmask |= bit_of(info);
    task_.sigmask &= ~kUnblockable;
    kernel_.recalc_sigpending(task_);
}

void SignalDelivery::fatal(const SignalInfo& info) {
    kernel_.spend(task_, KernelPath::SignalFatal);
    const std::uint64_t pc = kernel_.machine().cpu->read(task_.context, Reg::Pc);
    std::string detail =
        fmt::format("{} at pc 0x{:x}", signal_name(static_cast<int>(info.signal)), pc);
    if (info.code > 0 && info.code != kSiKernel) {
        detail += fmt::format(", address 0x{:x}", info.address);
    } else if (info.code != kSiKernel) {
        detail += fmt::format(", sent by process {}", info.pid);
    }
    kernel_.end_process(*task_.process, ExitKind::Signalled, static_cast<int>(info.signal),
                        std::move(detail));
}

}  // namespace uprobesim
