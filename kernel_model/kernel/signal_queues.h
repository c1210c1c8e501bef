// SPDX-License-Identifier: GPL-2.0-or-later
// Signals from sending to dequeueing: pending queues, wake-ups, stop and continue. The action of a
// dequeued signal is in signal/.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "kernel_model/abi/signal.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

class Kernel;

enum class DefaultAction { Terminate, Ignore, Stop, Continue };
DefaultAction default_action(Signal signal);
std::string signal_name(int signal);  // "SIGSEGV", "SIGRT3"

enum class Sending {
    Queued,
    NotNeeded,  // it is ignored or pending already, or the receiver has ended
    NoRoom,     // it is a real-time signal for which RLIMIT_SIGPENDING leaves no room
};

class SignalQueues {
public:
    explicit SignalQueues(Kernel& kernel) : kernel_(kernel) {}

    // Queues a signal for one task, or for any task of a process that can take it.
    Sending send(Task& task, const SignalInfo& info);
    Sending send(Process& process, const SignalInfo& info);
    // One more of the signals that the user of `process` may have queued; null: there are as many
    // as its RLIMIT_SIGPENDING allows, and `beyond_limit` is not set.
    std::shared_ptr<const SignalAllowance> charge(const Process& process, bool beyond_limit);
    std::uint64_t charged(const Process& process) const;
    // A synchronous signal, which cannot be blocked or ignored.
    void force(Task& task, const SignalInfo& info);
    // Sets TIF_SIGPENDING if a pending signal is not blocked, or clears it (recalc_sigpending).
    void recalculate(Task& task);
    // Takes the lowest signal of the set, the oldest of that number; the task's own before the
    // process's.
    std::optional<SignalInfo> take(Task& task, std::uint64_t set);
    // Takes the signal that is to be acted upon next: those that the task does not block, SIGKILL
    // and synchronous ones first.
    std::optional<SignalInfo> take_next(Task& task);
    // Stops or continues all tasks of a process, and tells its parent.
    void stop(Process& process, Signal signal);
    // `kills`: no tracer holds them either.
    void resume(Process& process, bool kills = false);
    // Sends SIGCHLD, or `signal`, to the parent of `child` and wakes its waits.
    void notify_parent(Process& child, Signal signal, std::int32_t code, std::int32_t status);

private:
    Sending enqueue(SignalQueue& queue, SignalInfo info, const Process& process);
    bool prepare(Process& process, const SignalInfo& info, bool blocked);
    SignalInfo taken(Task& task, SignalQueue& queue, Signal signal);

    Kernel& kernel_;
    std::map<std::uint32_t, std::shared_ptr<const SignalAllowance>> allowances_;  // by uid
    static constexpr std::size_t kMostIdle = 256;
    std::size_t most_allowances_ = kMostIdle;  // at which the idle ones are forgotten
};

}  // namespace uprobesim
