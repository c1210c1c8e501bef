// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/signal/signals.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kernel_model/abi/ptrace.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/signal/core_dump.h"
#include "kernel_model/signal/rseq.h"
#include "kernel_model/signal/signals_frame.h"

namespace uprobesim {
namespace {

SignalAction& action_of(Task& task, Signal s) {
    return task.process->actions[static_cast<std::size_t>(s)];
}

// Whether the call is made again after the handler (do_signal).
bool restarts(const SignalAction& action, Interrupted interrupted) {
    if (interrupted == Interrupted::RestartNoIntr) return true;
    return interrupted == Interrupted::RestartSys && (action.flags & abi::kSaRestart) != 0;
}

}  // namespace

bool CallerSignals::any(std::uint64_t set) const {
    const Task* task = kernel_.current();
    return task != nullptr && ((task->pending.set() | task->process->pending.set()) & set) != 0;
}

std::optional<SignalInfo> CallerSignals::take(std::uint64_t set) {
    Task* task = kernel_.current();
    return task == nullptr ? std::nullopt : kernel_.signals().take(*task, set);
}

WaitQueue* CallerSignals::arrivals() {
    Task* task = kernel_.current();
    return task == nullptr ? nullptr : &task->process->signal_arrived;
}

bool SignalDelivery::deliver(std::optional<Interrupted> interrupted) {
    if (TrapClient* client = kernel_.client(); client != nullptr && client->deny_signal(task_)) {
        task_.tif_sigpending = false;
        return false;
    }
    while (task_.state != TaskState::Dead && task_.process->alive) {
        const auto info = next();
        if (!info) return false;
        const SignalAction& action = action_of(task_, info->signal);
        const bool handled = action.handler != abi::kSigIgn && action.handler != abi::kSigDfl;
        if (TrapObserver* observer = kernel_.observer(); observer != nullptr) [[unlikely]] {
            if (handled && interrupted)
                observer->call_interrupted(task_, restarts(action, *interrupted));
            observer->signal_taken(task_, *info);
        }
        if (action.handler == abi::kSigIgn) continue;
        if (handled) {
            enter_handler(*info, interrupted);
            return true;
        }
        // What is sent from outside to process 1 of a namespace for a handler that is gone.
        if (task_.process->unkillable && (signal_bit(info->signal) & kUnblockable) == 0) continue;
        switch (default_action(info->signal)) {
            case DefaultAction::Ignore:
            case DefaultAction::Continue: continue;
            case DefaultAction::Stop:
                // A terminal's stop signal does not stop a process of an orphaned group.
                if (info->signal != Signal::Stop &&
                    kernel_.processes().orphaned(task_.process->group))
                    continue;
                kernel_.signals().stop(*task_.process, info->signal);
                return false;
            case DefaultAction::Terminate: fatal(*info); return false;
        }
    }
    return false;
}

// What is to be acted upon: of a traced task, what its tracer has said. Nothing: no signal, or the
// task has stopped for its tracer.
std::optional<SignalInfo> SignalDelivery::next() {
    Trace* const trace = task_.trace.get();
    if (trace == nullptr) {
        auto info = kernel_.signals().take_next(task_);
        DebugHook* const debugger = kernel_.debugger();
        if (debugger == nullptr) return info;
        while (info && info->signal != Signal::Kill) {
            if (auto taken = debugger->signal(task_, *info)) return taken;
            info = kernel_.signals().take_next(task_);
        }
        return info;
    }
    if (trace->fatal) {
        fatal(*std::exchange(trace->fatal, std::nullopt));
        return std::nullopt;
    }
    if (std::exchange(trace->takes_signal, false)) {
        const SignalInfo info = trace->info;
        kernel_.signals().recalculate(task_);
        if ((task_.sigmask & signal_bit(info.signal)) == 0) return info;
        task_.pending.push(info);  // blocked in the meantime
    }
    if (std::exchange(trace->interrupt, false)) {
        kernel_.signals().recalculate(task_);
        kernel_.tracing().ask(task_, abi::kPtraceEventStop, 0);
        kernel_.tracing().stop_at_event(task_);
        return std::nullopt;
    }
    auto info = kernel_.signals().take_next(task_);
    if (!info || info->signal == Signal::Kill) return info;
    kernel_.tracing().stop(task_, TraceStop::Signal, static_cast<std::int32_t>(info->signal),
                           *info);
    return std::nullopt;
}

// force_sigsegv: a SIGSEGV that cannot be handled has its default action, or there would be no end.
void SignalDelivery::force_segv(Signal undeliverable) {
    if (undeliverable == Signal::Segv) action_of(task_, Signal::Segv).handler = abi::kSigDfl;
    kernel_.signals().force(task_, {.signal = Signal::Segv, .code = abi::kSiKernel});
}

void SignalDelivery::enter_handler(const SignalInfo& info, std::optional<Interrupted> interrupted) {
    SignalAction& action = action_of(task_, info.signal);
    const SignalAction taken = action;
    if ((taken.flags & abi::kSaResetHand) != 0) action.handler = abi::kSigDfl;

    Cpu& cpu = *kernel_.machine().cpu;
    if (interrupted) {
        if (restarts(taken, *interrupted)) {
            cpu.write(task_.context, Reg::Pc,
                      cpu.read(task_.context, Reg::Pc) - 4);  // x0 still holds the argument
        } else {
            cpu.write(task_.context, Reg::X0,
                      static_cast<std::uint64_t>(-static_cast<std::int64_t>(Errno::Intr)));
        }
    }
    kernel_.gate().spend(task_, KernelPath::SignalDeliver);
    if (!leave_rseq_for_handler(kernel_, task_)) force_segv(info.signal);
    if (!push_signal_frame(kernel_, task_, info, taken)) return force_segv(info.signal);
    task_.restore_sigmask = false;
    task_.sigmask |= taken.mask;
    if ((taken.flags & abi::kSaNoDefer) == 0) task_.sigmask |= signal_bit(info.signal);
    task_.sigmask &= ~kUnblockable;
    kernel_.signals().recalculate(task_);
}

void SignalDelivery::fatal(const SignalInfo& info) {
    Tracing& tracing = kernel_.tracing();
    if (info.signal != Signal::Kill && tracing.wants(task_, abi::kPtraceEventExit) &&
        !std::exchange(task_.trace->told_exit, true)) {
        task_.trace->fatal = info;
        tracing.ask(task_, abi::kPtraceEventExit, static_cast<std::uint64_t>(info.signal));
        return tracing.stop_at_event(task_);
    }
    kernel_.gate().spend(task_, KernelPath::SignalFatal);
    const std::uint64_t pc = kernel_.machine().cpu->read(task_.context, Reg::Pc);
    std::string detail =
        fmt::format("{} at pc 0x{:x}", signal_name(static_cast<int>(info.signal)), pc);
    if (info.signal == Signal::Kill && task_.process->oom_victim) {
        detail += ", by the OOM killer: the guest wanted more memory than --memory gives";
    } else if (info.signal == Signal::Ill && info.code == abi::kSiKernel) {
        // No other code sends it; the kernel logs this line.
        detail +=
            ", handle uretprobe, sending SIGILL: a return through a probe that no probed call is "
            "pending for";
    } else if (info.code > 0 && info.code != abi::kSiKernel) {
        detail += fmt::format(", address 0x{:x}", info.address);
    } else if (info.code != abi::kSiKernel) {
        detail += fmt::format(", sent by process {}", info.sender != 0 ? info.sender : info.pid);
    }
    task_.process->core_dumped = dump_core(kernel_, task_, info);
    kernel_.processes().end_process(*task_.process, ExitKind::Signalled,
                                    static_cast<int>(info.signal), std::move(detail));
}

}  // namespace uprobesim
