// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/kernel/signal_queues.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kernel_model/abi/resource.h"
#include "kernel_model/kernel/kernel.h"

namespace uprobesim {
namespace {

// Signals raised by the instruction itself are taken before all others (SYNCHRONOUS_MASK).
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
    if (handler == abi::kSigIgn) return true;
    return handler == abi::kSigDfl && (default_action(s) == DefaultAction::Ignore ||
                                       default_action(s) == DefaultAction::Continue);
}

// Whether the caller is of a namespace of process ids above the receiver's.
bool from_outside(const Task* caller, const Process& receiver) {
    return caller != nullptr && caller->pid().in(receiver.pid_space()) == 0;
}

// has_si_pid_and_uid: the sender is told by the ids that the receiver knows it by. Who signals the
// parent of a process has its number there already.
void show_sender(SignalInfo& info, const Process& receiver, const Task* caller) {
    constexpr std::int32_t kSiSigio = -5;
    const bool child = info.signal == Signal::Chld && info.code > 0;
    const bool sent = info.code == abi::kSiUser ||
                      (info.code < 0 && info.code != abi::kSiTimer && info.code != kSiSigio);
    if (child || sent) info.uid = shown_user(receiver.cred->space, info.uid);
    if (!sent || caller == nullptr) return;
    info.sender = caller->process->pid;
    if (from_outside(caller, receiver)) info.pid = 0;
}

// sig_task_ignored: process 1 of a namespace takes no signal that it has no handler for, but
// SIGKILL and SIGSTOP from the kernel and from outside.
bool spared(const Process& process, const SignalInfo& info, const Task* caller) {
    if (!process.unkillable) return false;
    const bool handled =
        process.actions[static_cast<std::size_t>(info.signal)].handler != abi::kSigDfl;
    const bool by_force = info.code == abi::kSiKernel || from_outside(caller, process);
    return !handled && !(by_force && (bit_of(info) & kUnblockable) != 0);
}

void drop_everywhere(Process& process, std::uint64_t set) {
    process.pending.drop(set);
    for (const auto& [id, task] : process.tasks) task->pending.drop(set);
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
    if (signal >= 0 && signal < abi::kSigrtmin) return kNames[signal];
    return fmt::format("SIGRT{}", signal - abi::kSigrtmin);
}

void SignalQueues::recalculate(Task& task) {
    const Trace* trace = task.trace.get();
    const bool for_tracer =
        trace != nullptr && (trace->interrupt || trace->takes_signal || trace->fatal);
    task.tif_sigpending =
        for_tracer || ((task.pending.set() | task.process->pending.set()) & ~task.sigmask) != 0;
}

// prepare_signal: the effects of stop and continue signals at sending, whichever task takes them.
// False: the signal is ignored.
bool SignalQueues::prepare(Process& process, const SignalInfo& info, bool blocked) {
    if (process.is_init()) return false;  // SIGNAL_UNKILLABLE, and it handles none
    if (info.signal == Signal::Cont) {
        drop_everywhere(process, kStopSignals);
        resume(process);
    } else if ((bit_of(info) & kStopSignals) != 0) {
        drop_everywhere(process, signal_bit(Signal::Cont));
    }
    if (info.signal == Signal::Kill) resume(process, true);
    // A blocked signal is kept even if it is ignored now: that may change before it is unblocked.
    Task& first = *process.tasks.begin()->second;
    const bool traced = std::ranges::any_of(
        process.tasks, [](const auto& entry) { return entry.second->trace != nullptr; });
    const bool wanted = blocked || (traced && info.signal != Signal::Kill) ||
                        (!ignored(first, info.signal) && !spared(process, info, kernel_.current()));
    if (TrapObserver* observer = kernel_.observer(); observer != nullptr && !wanted) [[unlikely]] {
        observer->signal_taken(first, info);
    }
    return wanted;
}

std::uint64_t SignalQueues::charged(const Process& process) const {
    const auto it = allowances_.find(process.cred->uid.real);
    return it == allowances_.end() ? 0 : static_cast<std::uint64_t>(it->second.use_count() - 1);
}

std::shared_ptr<const SignalAllowance> SignalQueues::charge(const Process& process,
                                                            bool beyond_limit) {
    if (!beyond_limit && charged(process) >= process.limits[abi::kRlimitSigpending].soft)
        return nullptr;
    // A program may take one uid after the other: those without a queued signal are forgotten.
    if (allowances_.size() >= most_allowances_) {
        std::erase_if(allowances_, [](const auto& entry) { return entry.second.use_count() == 1; });
        most_allowances_ = std::max(kMostIdle, 2 * allowances_.size());
    }
    auto& allowance = allowances_[process.cred->uid.real];
    if (allowance == nullptr) allowance = std::make_shared<const SignalAllowance>();
    return allowance;
}

// __send_signal_locked: standard signals queue once. One for which there is no room is lost where a
// sender gave it data and can be told; otherwise it arrives without its data.
Sending SignalQueues::enqueue(SignalQueue& queue, SignalInfo info, const Process& process) {
    const bool is_there = queue.holds(info.signal);
    if (!real_time(info.signal) && is_there) return Sending::NotNeeded;
    if (info.allowance == nullptr && info.signal != Signal::Kill) {
        const bool beyond_limit = !real_time(info.signal) && info.code >= 0;
        info.allowance = charge(process, beyond_limit);
        if (info.allowance == nullptr) {
            if (real_time(info.signal) && info.code != abi::kSiUser) return Sending::NoRoom;
            if (is_there) return Sending::NotNeeded;
            info = {.signal = info.signal, .code = abi::kSiUser};
        }
    }
    show_sender(info, process, kernel_.current());
    queue.push(std::move(info));
    return Sending::Queued;
}

Sending SignalQueues::send(Task& task, const SignalInfo& info) {
    if (info.signal == Signal::None || task.state == TaskState::Dead) return Sending::NotNeeded;
    const bool blocked = (task.sigmask & bit_of(info)) != 0;
    if (!prepare(*task.process, info, blocked)) return Sending::NotNeeded;
    const Sending sending = enqueue(task.pending, info, *task.process);
    if (sending != Sending::Queued) return sending;
    task.process->signal_arrived.wake();
    if (!blocked) task.tif_sigpending = true;
    kernel_.scheduler().wake(task);  // sigtimedwait waits for blocked ones
    return Sending::Queued;
}

Sending SignalQueues::send(Process& process, const SignalInfo& info) {
    if (info.signal == Signal::None || !process.alive) return Sending::NotNeeded;
    // complete_signal: one task that can take it now; the main one first.
    Task* taker = nullptr;
    for (const auto& [id, task] : process.tasks) {
        const bool can = task->state != TaskState::Dead && (task->sigmask & bit_of(info)) == 0;
        if (can && taker == nullptr) taker = task.get();
    }
    if (!prepare(process, info, taker == nullptr)) return Sending::NotNeeded;
    const Sending sending = enqueue(process.pending, info, process);
    if (sending != Sending::Queued) return sending;
    process.signal_arrived.wake();
    if (taker != nullptr) {
        taker->tif_sigpending = true;
        kernel_.scheduler().wake(*taker);
        return Sending::Queued;
    }
    for (const auto& [id, task] : process.tasks) {
        if (task->state != TaskState::Dead) kernel_.scheduler().wake(*task);
    }
    return Sending::Queued;
}

void SignalQueues::force(Task& task, const SignalInfo& info) {
    SignalAction& action = action_of(task, info.signal);
    const std::uint64_t bit = bit_of(info);
    if ((task.sigmask & bit) != 0 || action.handler == abi::kSigIgn) {
        action.handler = abi::kSigDfl;
        task.sigmask &= ~bit;
    }
    // What process 1 of a namespace has itself done wrong ends it.
    if (action.handler == abi::kSigDfl && task.trace == nullptr) task.process->unkillable = false;
    task.pending.drop(bit);
    task.pending.push(info);
    task.tif_sigpending = true;
}

SignalInfo SignalQueues::taken(Task& task, SignalQueue& queue, Signal signal) {
    SignalInfo info = queue.take(signal);
    info.allowance.reset();
    kernel_.signal_timers().signal_taken(task, info);
    recalculate(task);
    return info;
}

std::optional<SignalInfo> SignalQueues::take(Task& task, std::uint64_t set) {
    for (SignalQueue* queue : {&task.pending, &task.process->pending}) {
        const std::uint64_t wanted = queue->set() & set;
        if (wanted != 0) return taken(task, *queue, lowest_signal(wanted));
    }
    return std::nullopt;
}

std::optional<SignalInfo> SignalQueues::take_next(Task& task) {
    for (SignalQueue* queue : {&task.pending, &task.process->pending})
        if (queue->holds(Signal::Kill)) return taken(task, *queue, Signal::Kill);
    for (SignalQueue* queue : {&task.pending, &task.process->pending}) {
        const std::uint64_t wanted = queue->set() & (~task.sigmask | kUnblockable);
        if (wanted == 0) continue;
        std::uint64_t synchronous = 0;
        for (std::uint64_t rest = wanted & kSynchronous; rest != 0; rest &= rest - 1) {
            const Signal signal = lowest_signal(rest);
            if (queue->oldest(signal).code > 0) synchronous |= signal_bit(signal);
        }
        return taken(task, *queue, lowest_signal(synchronous != 0 ? synchronous : wanted));
    }
    task.tif_sigpending = false;
    return std::nullopt;
}

void SignalQueues::stop(Process& process, Signal signal) {
    for (const auto& [id, task] : process.tasks) {
        if (task->state == TaskState::Dead || task->state == TaskState::Stopped) continue;
        if (task->trace != nullptr) {
            kernel_.tracing().group_stopped(*task, signal);
            continue;
        }
        task->stopped_in_call = task->state == TaskState::Blocked || task->resumes_call;
        task->resumes_call = false;
        kernel_.scheduler().remove(*task);
        task->state = TaskState::Stopped;
    }
    process.events.stopped = static_cast<std::int32_t>(signal);
    process.events.continued = false;
    // A tracer that is the parent has been told of each task.
    const auto& leader = process.tasks.begin()->second;
    if (leader->trace != nullptr && leader->trace->tracer == process.parent_pid) return;
    notify_parent(process, Signal::Chld, abi::kCldStopped, static_cast<std::int32_t>(signal));
}

void SignalQueues::resume(Process& process, bool kills) {
    bool stopped = false;
    for (const auto& [id, task] : process.tasks) {
        if (task->state != TaskState::Stopped) continue;
        if (task->trace != nullptr && task->trace->stop != TraceStop::None) {
            if (kills) {
                kernel_.tracing().killed(*task);
            } else {
                // One that was seized is to tell of it, now or when it listens.
                if (task->trace->listens) {
                    kernel_.tracing().interrupt(*task);
                } else if (task->trace->seized && task->trace->stop == TraceStop::Group) {
                    task->trace->interrupt = true;
                }
                stopped = stopped || task->trace->stop == TraceStop::Group;
                continue;
            }
        }
        stopped = true;
        task->resumes_call = task->was_stopped = task->stopped_in_call;
        task->stopped_in_call = false;
        kernel_.scheduler().start(*task);
    }
    if (!stopped) return;
    process.events.stopped = 0;
    process.events.continued = true;
    notify_parent(process, Signal::Chld, abi::kCldContinued,
                  static_cast<std::int32_t>(Signal::Cont));
}

void SignalQueues::notify_parent(Process& child, Signal signal, std::int32_t code,
                                 std::int32_t status) {
    Process* parent = kernel_.processes().find(child.parent_pid);
    if (parent == nullptr) return;
    const SignalAction& action = parent->actions[static_cast<std::size_t>(Signal::Chld)];
    const bool job_control = code == abi::kCldStopped || code == abi::kCldContinued;
    // clone takes any low byte for the signal of the child's end; those that are none are not sent.
    if (is_signal(static_cast<std::int32_t>(signal)) &&
        (!job_control ||
         (action.handler != abi::kSigIgn && (action.flags & abi::kSaNoCldStop) == 0)))
        send(*parent, {.signal = signal,
                       .code = code,
                       .pid = child.id().in(parent->pid_space()),
                       .uid = child.cred->uid.real,
                       .status = status});
    parent->children_changed.wake();
}

}  // namespace uprobesim
