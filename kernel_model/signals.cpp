// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/signals.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/kernel.h"
#include "kernel_model/signals_frame.h"

namespace uprobesim {
namespace {

// Signals an instruction raises at itself; they are taken before all others (SYNCHRONOUS_MASK).
constexpr std::uint64_t kSynchronous = signal_bit(Signal::Segv) | signal_bit(Signal::Bus) | signal_bit(Signal::Ill) |
                                       signal_bit(Signal::Trap) | signal_bit(Signal::Fpe) | signal_bit(Signal::Sys);
constexpr std::uint64_t kStopSignals =
    signal_bit(Signal::Stop) | signal_bit(Signal::Tstp) | signal_bit(Signal::Ttin) | signal_bit(Signal::Ttou);
constexpr int kFirstRealTime = 32;

std::uint64_t bit_of(const SignalInfo& info) {
    return signal_bit(info.signal);
}
bool real_time(Signal s) {
    return static_cast<int>(s) >= kFirstRealTime;
}
SignalAction& action_of(Task& task, Signal s) {
    return task.process->actions[static_cast<std::size_t>(s)];
}

bool ignored(Task& task, Signal s) {
    const std::uint64_t handler = action_of(task, s).handler;
    if (handler == kSigIgn) return true;
    return handler == kSigDfl &&
           (default_action(s) == DefaultAction::Ignore || default_action(s) == DefaultAction::Continue);
}

void drop_pending(Task& task, std::uint64_t set) {
    std::erase_if(task.pending, [&](const SignalInfo& p) { return (bit_of(p) & set) != 0; });
}

}  // namespace

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
    if (signal >= 0 && signal < kFirstRealTime) return kNames[signal];
    return fmt::format("SIGRT{}", signal - kFirstRealTime);
}

void Kernel::recalc_sigpending(Task& task) {
    task.tif_sigpending = std::any_of(task.pending.begin(), task.pending.end(),
                                      [&](const SignalInfo& p) { return (bit_of(p) & ~task.sigmask) != 0; });
}

void Kernel::send_signal(Task& task, const SignalInfo& info) {
    if (info.signal == Signal::None || task.state == TaskState::Dead) return;
    if (info.signal == Signal::Cont) {
        drop_pending(task, kStopSignals);
        if (task.state == TaskState::Stopped) task.state = TaskState::Runnable;
    } else if ((bit_of(info) & kStopSignals) != 0) {
        drop_pending(task, signal_bit(Signal::Cont));
    }
    if (info.signal == Signal::Kill && task.state == TaskState::Stopped) task.state = TaskState::Runnable;
    // A blocked signal is kept even if it is ignored now: that may change before it is unblocked.
    const bool blocked = (task.sigmask & bit_of(info)) != 0;
    if (!blocked && ignored(task, info.signal)) return;
    const bool queued = std::any_of(task.pending.begin(), task.pending.end(),
                                    [&](const SignalInfo& p) { return p.signal == info.signal; });
    // RLIMIT_SIGPENDING bounds what a guest can make us keep.
    if (queued && (!real_time(info.signal) || task.pending.size() >= task.process->limits[11].soft)) return;
    task.pending.push_back(info);
    task.woken = true;  // sigtimedwait waits for blocked ones
    if (!blocked) task.tif_sigpending = true;
}

void Kernel::force_signal(Task& task, const SignalInfo& info) {
    SignalAction& action = action_of(task, info.signal);
    const std::uint64_t bit = bit_of(info);
    if ((task.sigmask & bit) != 0 || action.handler == kSigIgn) {
        action.handler = kSigDfl;
        task.sigmask &= ~bit;
    }
    drop_pending(task, bit);
    task.pending.push_back(info);
    task.tif_sigpending = true;
}

std::optional<SignalInfo> SignalDelivery::dequeue() {
    auto best = task_.pending.end();
    const auto rank = [](const SignalInfo& p) {
        const bool synchronous = p.code > 0 && (bit_of(p) & kSynchronous) != 0;
        const bool kill = p.signal == Signal::Kill;
        return (kill ? 0 : synchronous ? 100 : 200) + static_cast<int>(p.signal);
    };
    for (auto it = task_.pending.begin(); it != task_.pending.end(); ++it) {
        if ((bit_of(*it) & task_.sigmask & ~kUnblockable) != 0) continue;
        if (best == task_.pending.end() || rank(*it) < rank(*best)) best = it;
    }
    if (best == task_.pending.end()) {
        task_.tif_sigpending = false;
        return std::nullopt;
    }
    const SignalInfo info = *best;
    task_.pending.erase(best);
    kernel_.recalc_sigpending(task_);
    return info;
}

bool SignalDelivery::deliver(Interrupted interrupted) {
    if (TrapClient* client = kernel_.client(); client != nullptr && client->deny_signal(task_)) {
        task_.tif_sigpending = false;
        return false;
    }
    while (task_.state != TaskState::Dead && task_.process->alive) {
        const auto info = dequeue();
        if (!info) return false;
        SignalAction& action = action_of(task_, info->signal);
        if (action.handler == kSigIgn) continue;
        if (action.handler != kSigDfl) {
            enter_handler(*info, interrupted);
            return true;
        }
        switch (default_action(info->signal)) {
            case DefaultAction::Ignore:
            case DefaultAction::Continue: continue;
            case DefaultAction::Stop: task_.state = TaskState::Stopped; return false;
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
        if (interrupted == Interrupted::RestartIfAsked && (taken.flags & kSaRestart) != 0) {
            cpu.write(task_.context, Reg::Pc, cpu.read(task_.context, Reg::Pc) - 4);  // x0 still holds the argument
        } else {
            cpu.write(task_.context, Reg::X0, static_cast<std::uint64_t>(-static_cast<std::int64_t>(Errno::Intr)));
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
    std::string detail = fmt::format("{} at pc 0x{:x}", signal_name(static_cast<int>(info.signal)), pc);
    if (info.code > 0 && info.code != kSiKernel) {
        detail += fmt::format(", address 0x{:x}", info.address);
    } else if (info.code != kSiKernel) {
        detail += fmt::format(", sent by process {}", info.pid);
    }
    kernel_.end_process(*task_.process, ExitKind::Signalled, static_cast<int>(info.signal), std::move(detail));
}

}  // namespace uprobesim
