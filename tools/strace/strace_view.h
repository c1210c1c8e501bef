// SPDX-License-Identifier: GPL-2.0-or-later
// The run's system calls and signals as strace -f writes them, at simulated times. A call that
// blocks is left "<unfinished ...>" when another task has something to say, and is "resumed" at its
// end.
//
// Times of different CPUs differ by up to a scheduler's quantum, so with --cpus lines may be that
// far out of order.
#pragma once

#include <map>

#include "kernel_model/hooks/trap_observer.h"
#include "tools/format/line_output.h"
#include "tools/strace/call_filter.h"
#include "tools/strace/call_text.h"

namespace uprobesim {

class StraceView final : public TrapObserver {
public:
    StraceView(LineOutput& output, const CallFilter& filter) : output_(output), filter_(filter) {}

    void charged(TaskId, ExceptionClass, CentiCycles, Account) override {}
    void charged(TaskId, KernelPath, std::uint64_t, CentiCycles, Account) override {}
    void trapped(const Task&, const Stop&, const ExceptionRegisters&) override {}
    bool reads_registers() const override { return false; }
    void exit_work(const Task&) override {}
    bool returning(const Task&) override { return true; }
    void call_entered(const Task& task, const CallRegisters& call) override;
    void call_ended(const Task& task, std::uint64_t result) override;
    void call_interrupted(const Task& task, bool restarts) override;
    void signal_taken(const Task& task, const SignalInfo& info) override;
    void task_ended(const Task& task, const TaskEnd& end) override;
    // The run is over: calls that have no end yet stay unfinished.
    void finish();

private:
    struct OpenCall {
        CallRegisters registers{};
        std::string prefix{};  // "[pid 1000] 0.001234 "
        std::string entry{};
        const Mm* memory = nullptr;
        bool incomplete = false;
        bool told_unfinished = false;
    };
    std::string prefix(const Task& task) const;
    // Before a line of this task: the call of another that is on its line becomes unfinished.
    void leave_others(const Task* task);
    void end_call(const Task& task, CallView& view, const std::string& result);
    void line(const Task& task, const std::string& text);

    LineOutput& output_;
    CallFilter filter_;
    CallTexts texts_;
    // A task that executes a program may get another id, never another context.
    std::map<ContextId, OpenCall> open_;
};

}  // namespace uprobesim
