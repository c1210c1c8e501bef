// SPDX-License-Identifier: GPL-2.0-or-later
// The run loop: which CPU continues, what its task executes, what happens on the way back to EL0.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "kernel_model/hooks/leg_watch.h"
#include "kernel_model/hooks/run_result.h"
#include "kernel_model/hooks/run_watch.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/syscall/dispatch.h"

namespace uprobesim {

struct RunLimits {
    std::uint64_t max_insns = 0;  // 0: none
    std::uint64_t max_ns = 0;     // of simulated time; 0: none
    RunWatch* watch = nullptr;
    LegWatch* legs = nullptr;
};

class RunLoop {
public:
    explicit RunLoop(Kernel& kernel) : kernel_(kernel) {}

    ExitSummary run(const RunLimits& limits);
    // Runs until `reached`, which is called after each turn of a CPU, returns true. A value: the
    // run ended before that.
    std::optional<ExitSummary> run_until(const RunLimits& limits,
                                         const std::function<bool()>& reached);
    // Turns end at this simulated time, so that `reached` is called there; 0: at none.
    void pause_at(std::uint64_t ns) { pause_ns_ = ns; }
    // Asked when a task is about to execute an instruction that the CPU was told to stop before
    // (place_stops.h). True: the turn ends before it. Empty: it does not.
    void ask_at_places(std::function<bool(Task&, VAddr)> ends_turn) {
        ends_turn_ = std::move(ends_turn);
    }

private:
    std::optional<ExitSummary> turn();
    void run_here();
    void run_task(Task& task);
    void tick(Task& task);
    void exit_work(Task& task);
    bool goes_on_later(Task& task);
    void run_legs(std::uint64_t end_ns);
    void leg_over(unsigned cpu, CentiCycles at);
    void bill_leg(unsigned cpu);
    bool trace_work(Task& task);
    void end_restarted(Task& task);
    bool steps_for_tracer(const Task& task);
    void resume_call(Task& task);
    void interrupt(Task& task);
    void interrupt_traced(Task& task);
    std::uint64_t turns_end_ns() const;
    Stop run_at_el0(Task& task, bool& turn_ends);
    Stop run_past_places(Task& task, bool& turn_ends);
    bool debugger_ends();
    bool observer_ends(const Task& task);
    InsnCount budget(const Process& process) const;
    std::optional<ExitSummary> limit_reached() const;
    bool must_end() const;
    const std::optional<ExitSummary>& ended() const;

    Kernel& kernel_;
    SyscallDispatcher dispatcher_;
    RunLimits limits_;
    std::uint64_t pause_ns_ = 0;
    std::function<bool(Task&, VAddr)> ends_turn_;
    std::optional<ExitSummary> stopped_;  // by the observer or the debugger
};

}  // namespace uprobesim
