// SPDX-License-Identifier: GPL-2.0-or-later
// A run as it happens, for whoever tells it step by step: what stopped EL0, what the kernel charged for
// (LedgerObserver), and the way back. Nothing it is told of can be changed by it but whether the run goes on.
#pragma once

#include <cstdint>
#include <optional>

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

class TrapObserver : public LedgerObserver {
public:
    // EL0 stopped by an exception and the handler has not begun.
    virtual void trapped(const Task&, const Stop&, const ExceptionRegisters&) = 0;
    // TIF_UPROBE is set and the probe layer is about to be called.
    virtual void exit_work(const Task&) = 0;
    // EL0 is about to go on, by an exception return. False ends the run here.
    virtual bool returning(const Task&) = 0;
};

}  // namespace uprobesim
