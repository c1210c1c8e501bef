// SPDX-License-Identifier: GPL-2.0-or-later
// An observer of a run, step by step: what stopped EL0, what the kernel charged (LedgerObserver),
// wake-ups, and the return. It can end the run, but affects the simulation in no other way.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "kernel_model/task/scheduler.h"
#include "kernel_model/task/task.h"
#include "sim/cost/ledger.h"
#include "sim/cpu/stop.h"

namespace uprobesim {

struct ExceptionRegisters {
    std::uint64_t esr = 0;
    std::uint64_t elr = 0;
    std::uint64_t spsr = 0;
    std::optional<std::uint64_t> far;  // of aborts and misaligned targets
};
inline constexpr std::uint64_t kSpsrSs = 1u << 21;  // PSTATE.SS as saved

// The registers of a system call at its entry: x8 and x0 to x5.
struct CallRegisters {
    std::uint32_t number = 0;
    std::array<std::uint64_t, 6> arguments{};
};

// How a task ended. Superseded: another task of its process has executed a new program.
struct TaskEnd {
    enum class Kind { Exited, Killed, Superseded } kind = Kind::Exited;
    int status = 0;  // exit status, or the signal's number
};

class TrapObserver : public LedgerObserver, public WakeObserver {
public:
    void woken(const Task&) override {}
    // EL0 has stopped by an exception; its handler has not begun.
    virtual void trapped(const Task&, const Stop&, const ExceptionRegisters&) = 0;
    // False: trapped() may be given none, which saves host time.
    virtual bool reads_registers() const { return true; }
    // TIF_UPROBE is set and the probe layer is about to be called.
    virtual void exit_work(const Task&) = 0;
    // EL0 is about to continue, by an exception return. False ends the run here.
    virtual bool returning(const Task&) = 0;

    // --- system calls. A call that ends its task or blocks has not ended when the next one begins.
    virtual void call_entered(const Task&, const CallRegisters&) {}
    // The result is in x0. After execve and rt_sigreturn, x0 of the new registers.
    virtual void call_ended(const Task&, std::uint64_t) {}
    // A signal ended the wait; `restarts`: the call is made again after the handler.
    virtual void call_interrupted(const Task&, bool) {}
    // A signal is acted upon: its handler is about to be entered, its default action is taken, or
    // it is ignored.
    virtual void signal_taken(const Task&, const SignalInfo&) {}
    virtual void task_ended(const Task&, const TaskEnd&) {}
};

}  // namespace uprobesim
