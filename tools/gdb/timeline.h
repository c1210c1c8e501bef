// SPDX-License-Identifier: GPL-2.0-or-later
// Reverse execution: the run is deterministic, so an earlier state is reached by running again from
// the start. A position is a task and how many instructions it has executed: the state in which it
// is about to execute the next one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "kernel_model/abi/signal.h"
#include "kernel_model/task/task.h"
#include "tools/gdb/target/stop_reply.h"

namespace uprobesim {

struct RunPosition {
    TaskId task;
    InsnCount insns;
    bool operator==(const RunPosition&) const = default;
};

class Timeline {
public:
    // The run is at a new state with each instruction, and gdb is told of stops.
    bool live() const { return mode_ == Mode::Live; }
    // It goes through known states, and notes where it would have stopped.
    bool scans() const { return mode_ == Mode::Scan; }
    const std::optional<RunPosition>& goal() const { return goal_; }

    // The run begins anew, up to the position; `reason`: of the stop there.
    void seek(const RunPosition& position, StopReason reason);
    // The same, to find the last stop before the position.
    void scan(const RunPosition& position);
    void note(const RunPosition& position, const StopReason& reason);
    // The goal is reached. A value: gdb is to be told; nothing: the run begins anew, to the last
    // stop, or to `first`, where there was none.
    std::optional<StopReason> arrive(const RunPosition& first);

    // What gdb said of a task's signals, so that they are dealt with alike when the run is made
    // again. The run begins.
    void begin();
    // Of a signal that came before, None: dropped. Nothing: gdb has not been asked of the next one.
    std::optional<Signal> known_signal(TaskId task);
    void decide(TaskId task, Signal signal);

private:
    enum class Mode : std::uint8_t { Live, Seek, Scan };
    Mode mode_ = Mode::Live;
    std::optional<RunPosition> goal_;
    StopReason reason_;
    struct Noted {
        RunPosition position;
        StopReason reason;
    };
    std::optional<Noted> last_;
    struct Signals {
        std::vector<Signal> decided;
        std::size_t next = 0;
    };
    std::map<TaskId, Signals> signals_;
};

}  // namespace uprobesim
