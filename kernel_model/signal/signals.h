// SPDX-License-Identifier: GPL-2.0-or-later
// Delivery of pending signals: default actions and handlers. Queueing is in kernel/signal_queues,
// the signal frame in signals_frame.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kernel_model/abi/signal.h"
#include "kernel_model/files/event/signal_file.h"
#include "kernel_model/kernel/signal_queues.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

class Kernel;

// The pending signals of the task whose system call is being executed, for signalfd.
class CallerSignals final : public PendingSignals {
public:
    explicit CallerSignals(Kernel& kernel) : kernel_(kernel) {}
    bool any(std::uint64_t set) const override;
    std::optional<SignalInfo> take(std::uint64_t set) override;
    WaitQueue* arrivals() override;

private:
    Kernel& kernel_;
};

class SignalDelivery {
public:
    SignalDelivery(Kernel& kernel, Task& task) : kernel_(kernel), task_(task) {}

    // do_signal: delivers pending signals until a handler is entered or none is left.
    // `interrupted`: what the interrupted call returns; none: no call was interrupted. True: a
    // handler was entered.
    bool deliver(std::optional<Interrupted> interrupted);

private:
    std::optional<SignalInfo> next();
    void force_segv(Signal undeliverable);
    void enter_handler(const SignalInfo& info, std::optional<Interrupted> interrupted);
    void fatal(const SignalInfo& info);

    Kernel& kernel_;
    Task& task_;
};

}  // namespace uprobesim
