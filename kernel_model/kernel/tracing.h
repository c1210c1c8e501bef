// SPDX-License-Identifier: GPL-2.0-or-later
// ptrace: how tracees stop and go on, and what their tracers are told. The requests are in
// syscall/trace.
#pragma once

#include <cstdint>

#include "kernel_model/task/process.h"
#include "kernel_model/task/trace.h"

namespace uprobesim {

class Kernel;

class Tracing {
public:
    explicit Tracing(Kernel& kernel) : kernel_(kernel) {}

    void attach(Task& task, Process& tracer, bool seized, std::uint32_t options);
    // The task goes on untraced, with this signal; 0: none.
    void detach(Task& task, std::int32_t signal);
    // Lets a stopped tracee go on.
    void resume(Task& task, TraceResume how, bool step, std::int32_t signal);

    // The task stands still, and its tracer is told. `code`: signal, event << 8.
    void stop(Task& task, TraceStop kind, std::int32_t code, const SignalInfo& info);
    void stop_at_event(Task& task);  // Trace::event
    void stop_at_call(Task& task, TraceStop kind, std::uint32_t number);
    // The number of an id for the tracer, as the message of an event.
    std::uint64_t number_for_tracer(const Task& task, const Pid& id) const;
    // A call asks for a stop at this event, if the tracer wants it.
    bool wants(const Task& task, std::uint32_t event) const;
    void ask(Task& task, std::uint32_t event, std::uint64_t message);
    // A new task of a tracee. `event`: that of its making; 0: none is wanted.
    void cloned(Task& parent, Task& child, std::uint64_t flags, std::int32_t exit_signal);
    // `before`: the id that it had.
    void executed(Task& task, const Pid& before);
    void task_ends(Task& task, std::int32_t status);
    void tracer_ends(Process& tracer);
    // The task is killed: no stop holds it.
    void killed(Task& task);
    // A stop of the process holds the task too. False: the tracer has let it go on.
    void group_stopped(Task& task, Signal signal);
    // SIGCONT, or PTRACE_INTERRUPT: a seized task stops once more to tell.
    void interrupt(Task& task);

private:
    void tell_tracer(const Task& task, std::int32_t code, std::int32_t status);
    void restore(Task& task);

    Kernel& kernel_;
};

}  // namespace uprobesim
