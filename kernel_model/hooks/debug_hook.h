// SPDX-License-Identifier: GPL-2.0-or-later
// A debugger of the guest, as the run loop and the kernel ask it. No simulated time passes while it
// answers, however long that takes on the host, and what it only looks at stays as it is.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel_model/hooks/run_result.h"
#include "kernel_model/task/process.h"
#include "kernel_model/task/task.h"
#include "sim/cpu/stop.h"

namespace uprobesim {

class Kernel;

enum class DebugNext : std::uint8_t {
    GoOn,
    Return,  // the way back to EL0 is gone once more: there is a signal, or the task is held
    End,     // the run is over
};

class DebugHook {
public:
    virtual ~DebugHook() = default;

    // Before anything else, and before the first program starts.
    virtual void begin(Kernel&) = 0;
    // The run ends before the next turn of a CPU.
    virtual bool ends() const = 0;

    // The task is about to continue at EL0, by an exception return.
    virtual DebugNext returning(Task&) = 0;
    // Before each piece of a run at EL0. `paused`: the last piece ended before a chosen place or a
    // watched access (place_stops.h).
    virtual DebugNext before_piece(Task&, bool paused) = 0;
    // The length of the next piece, of `most` that are left until the run loop looks around.
    virtual InsnCount piece(Task&, InsnCount most) = 0;
    // EL0 has stopped by an exception; its handler has not begun.
    virtual void trapped(Task&, const Stop&) = 0;
    // The signal is about to be acted upon. Nothing: it is dropped.
    virtual std::optional<SignalInfo> signal(Task&, const SignalInfo&) = 0;
    // A task, or a process with its first task, was made and can run.
    virtual void cloned(Task& parent, Task& child, bool vfork) = 0;
    // The registers are those of the new program. `before`: the id that the task had.
    virtual void executed(Task&, TaskId before) = 0;
    virtual void exited(Process&, ExitKind kind, int status) = 0;
    // Nothing can run any more, and no time will change that. True: something can run now.
    virtual bool starved() = 0;
};

}  // namespace uprobesim
