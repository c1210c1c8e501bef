// SPDX-License-Identifier: GPL-2.0-or-later
// Signal semantics: what is queued, in which order it is taken, what happens with it. The frame is
// in signals_frame.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kernel_model/abi/signal.h"
#include "kernel_model/files/event/signal_file.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

class Kernel;

// Takes the lowest signal of the set, the oldest of that; the task's own before the process's.
std::optional<SignalInfo> take_pending(Kernel& kernel, Task& task, std::uint64_t set);

// Of the task whose system call is being carried out, for signalfd.
class CallerSignals final : public PendingSignals {
public:
    explicit CallerSignals(Kernel& kernel) : kernel_(kernel) {}
    bool any(std::uint64_t set) const override;
    std::optional<SignalInfo> take(std::uint64_t set) override;
    WaitQueue* arrivals() override;

private:
    Kernel& kernel_;
};

enum class DefaultAction { Terminate, Ignore, Stop, Continue };
DefaultAction default_action(Signal signal);
std::string signal_name(int signal);  // "SIGSEGV", "SIGRT3"

// How a system call that was interrupted goes on: always from its start, only if the handler has
// SA_RESTART, never.
enum class Interrupted { No, RestartIfAsked, NeverRestart };

class SignalDelivery {
public:
    SignalDelivery(Kernel& kernel, Task& task) : kernel_(kernel), task_(task) {}

    // do_signal: takes pending signals until a handler was entered or none is left. `interrupted`
    // says what a blocked call becomes when a handler runs. True: a handler was entered.
    bool deliver(Interrupted interrupted);

private:
    std::optional<SignalInfo> dequeue();
    void enter_handler(const SignalInfo& info, Interrupted interrupted);
    void fatal(const SignalInfo& info);

    Kernel& kernel_;
    Task& task_;
};

}  // namespace uprobesim
