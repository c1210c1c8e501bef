// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/kernel/tracing.h"

#include <utility>

#include "kernel_model/abi/clone.h"
#include "kernel_model/abi/ptrace.h"
#include "kernel_model/abi/wait.h"
#include "kernel_model/kernel/kernel.h"

namespace uprobesim {

namespace {

constexpr std::int32_t kEventShift = 8, kTrap = static_cast<std::int32_t>(Signal::Trap);
constexpr Reg kX7 = static_cast<Reg>(7);

// The tracer's number in the namespace of its tracee.
std::int32_t tracer_in(const Kernel& kernel, const Task& task) {
    return kernel.processes().ids().inside(task.process->pid_space(), task.trace->tracer);
}

// Whether the call that a stop interrupted is made again, so that its entry is told. One that was
// woken meanwhile, or has done a part, ends instead.
bool is_made_again(const Task& task) {
    if (task.woken || task.waits_in_fault || task.waits_killable) return false;
    return task.interrupted == Interrupted::RestartBlock ||
           (task.interrupted != Interrupted::Intr && task.call_progress == 0);
}

}  // namespace

void Tracing::attach(Task& task, Process& tracer, bool seized, std::uint32_t options) {
    task.trace = std::make_unique<Trace>();
    task.trace->tracer = tracer.pid;
    task.trace->seized = seized;
    task.trace->options = options;
    tracer.tracees.insert(task.id);
}

void Tracing::tell_tracer(const Task& task, std::int32_t code, std::int32_t status) {
    Process* const tracer = kernel_.processes().find(task.trace->tracer);
    if (tracer == nullptr) return;
    const SignalAction& action = tracer->actions[static_cast<std::size_t>(Signal::Chld)];
    if (action.handler != abi::kSigIgn && (action.flags & abi::kSaNoCldStop) == 0)
        kernel_.signals().send(*tracer, {.signal = Signal::Chld,
                                         .code = code,
                                         .pid = task.pid().in(tracer->pid_space()),
                                         .uid = task.cred->uid.real,
                                         .status = status});
    tracer->children_changed.wake();
}

void Tracing::stop(Task& task, TraceStop kind, std::int32_t code, const SignalInfo& info) {
    // ptrace_stop: who is killed does not stop.
    if (task.pending.holds(Signal::Kill) || task.process->pending.holds(Signal::Kill)) {
        killed(task);
        task.tif_sigpending = true;
        return;
    }
    Trace& trace = *task.trace;
    trace.stop = kind;
    trace.code = code;
    trace.reported = false;
    trace.info = info;
    trace.listens = false;
    if (task.state != TaskState::Stopped) {
        task.stopped_in_call = task.state == TaskState::Blocked || task.resumes_call;
        task.resumes_call = false;
        kernel_.scheduler().remove(task);
        task.state = TaskState::Stopped;
    }
    tell_tracer(task, abi::kCldTrapped, code & 0x7f);
}

bool Tracing::wants(const Task& task, std::uint32_t event) const {
    return task.trace != nullptr && (task.trace->options & abi::ptrace_option(event)) != 0;
}

std::uint64_t Tracing::number_for_tracer(const Task& task, const Pid& id) const {
    const Process* const tracer =
        task.trace != nullptr ? kernel_.processes().find(task.trace->tracer) : nullptr;
    return static_cast<std::uint64_t>(id.in(tracer != nullptr ? tracer->pid_space() : nullptr));
}

void Tracing::ask(Task& task, std::uint32_t event, std::uint64_t message) {
    if (task.trace == nullptr) return;
    task.trace->event = event;
    task.trace->message = message;
}

void Tracing::stop_at_event(Task& task) {
    const auto event = static_cast<std::int32_t>(std::exchange(task.trace->event, 0));
    const std::int32_t code = event << kEventShift | kTrap;
    stop(task, TraceStop::Event, code,
         {.signal = Signal::Trap,
          .code = code,
          .pid = task.pid().own(),
          .uid = task.cred->uid.real});
}

// ptrace_report_syscall: arm64 shows the direction in x7.
void Tracing::stop_at_call(Task& task, TraceStop kind, std::uint32_t number) {
    Trace& trace = *task.trace;
    Cpu& cpu = *kernel_.machine().cpu;
    if (trace.event != 0) {
        trace.exit_stop_later = kind == TraceStop::Exit;
        return stop_at_event(task);
    }
    trace.number = static_cast<std::int32_t>(number);
    trace.emulated = kind == TraceStop::Entry && trace.resume == TraceResume::Sysemu;
    trace.x7 = cpu.read(task.context, kX7);
    cpu.write(task.context, kX7, kind == TraceStop::Exit ? 1 : 0);
    const bool good = (trace.options & abi::kPtraceOTracesysgood) != 0;
    const std::int32_t code = kTrap | (good ? 0x80 : 0);
    trace.message = kind == TraceStop::Exit ? 2 : 1;  // PTRACE_EVENTMSG_SYSCALL_*
    stop(task, kind, code,
         {.signal = Signal::Trap,
          .code = code,
          .pid = task.pid().own(),
          .uid = task.cred->uid.real});
}

void Tracing::restore(Task& task) {
    Trace& trace = *task.trace;
    Cpu& cpu = *kernel_.machine().cpu;
    if (trace.x7) cpu.write(task.context, kX7, *trace.x7);
    if (trace.x0) cpu.write(task.context, Reg::X0, *trace.x0);
    trace.x7.reset();
    trace.x0.reset();
}

void Tracing::resume(Task& task, TraceResume how, bool step, std::int32_t signal) {
    Trace& trace = *task.trace;
    restore(task);
    trace.resume = how;
    task.tif_singlestep = step;
    const TraceStop was = std::exchange(trace.stop, TraceStop::None);
    trace.listens = false;
    if (was == TraceStop::Signal) {
        trace.takes_signal = signal != 0;
        // Another signal than the one that was reported has no data.
        if (signal != static_cast<std::int32_t>(trace.info.signal))
            trace.info = {.signal = static_cast<Signal>(signal),
                          .code = abi::kSiUser,
                          .pid = tracer_in(kernel_, task)};
    } else if (signal != 0 && (was == TraceStop::Entry || was == TraceStop::Exit)) {
        kernel_.signals().send(task,
                               {.signal = static_cast<Signal>(signal), .code = abi::kSiKernel});
    }
    if (trace.takes_signal || trace.fatal) task.tif_sigpending = true;
    const bool in_call = std::exchange(task.stopped_in_call, false);
    // The event of a call, as of exit_group, comes in its middle.
    const bool by_call =
        was == TraceStop::Event &&
        trace.code >> kEventShift != static_cast<std::int32_t>(abi::kPtraceEventStop);
    if (in_call && !by_call && how != TraceResume::Continue && is_made_again(task)) {
        trace.restarts = task.interrupted;
    } else {
        task.resumes_call = in_call;
    }
    kernel_.scheduler().start(task);
}

void Tracing::detach(Task& task, std::int32_t signal) {
    if (Process* tracer = kernel_.processes().find(task.trace->tracer))
        tracer->tracees.erase(task.id);
    const bool stopped = task.trace->stop != TraceStop::None;
    const bool group = task.trace->stop == TraceStop::Group;
    if (stopped) {
        restore(task);
        if (task.trace->stop == TraceStop::Signal && signal != 0) {
            kernel_.signals().send(task, {.signal = static_cast<Signal>(signal),
                                          .code = abi::kSiUser,
                                          .pid = tracer_in(kernel_, task)});
        }
        // What was begun is ended: the call that was about to be entered is entered again.
        if (task.trace->enters_call) {
            Cpu& cpu = *kernel_.machine().cpu;
            cpu.write(task.context, Reg::Pc, cpu.read(task.context, Reg::Pc) - 4);
        }
        if (task.trace->restarts) {
            Cpu& cpu = *kernel_.machine().cpu;
            cpu.write(task.context, Reg::Pc, cpu.read(task.context, Reg::Pc) - 4);
            task.stopped_in_call = false;
        }
    }
    const auto fatal = task.trace->fatal;
    task.trace.reset();
    task.tif_singlestep = false;
    if (!stopped) return;
    if (fatal) kernel_.signals().send(task, *fatal);
    if (group && task.process->events.stopped != 0) return;  // the process stays stopped
    task.resumes_call = std::exchange(task.stopped_in_call, false);
    kernel_.scheduler().start(task);
}

void Tracing::killed(Task& task) {
    if (task.trace == nullptr) return;
    restore(task);
    task.trace->stop = TraceStop::None;
    task.trace->enters_call = false;
    task.trace->exit_stop_later = false;
    task.trace->restarts.reset();
}

void Tracing::group_stopped(Task& task, Signal signal) {
    const std::int32_t number = static_cast<std::int32_t>(signal);
    const std::int32_t code = task.trace->seized
                                  ? number | static_cast<std::int32_t>(abi::kPtraceEventStop)
                                                 << kEventShift
                                  : number;
    stop(task, TraceStop::Group, code,
         {.signal = signal, .code = code, .pid = task.pid().own(), .uid = task.cred->uid.real});
}

void Tracing::interrupt(Task& task) {
    Trace& trace = *task.trace;
    if (trace.stop != TraceStop::None && !trace.listens) return;
    trace.interrupt = true;
    task.tif_sigpending = true;
    if (trace.listens) {
        resume(task, trace.resume, false, 0);
        task.tif_sigpending = true;
        return;
    }
    kernel_.scheduler().wake(task);
}

// ptrace_init_task and ptrace_event_pid.
void Tracing::cloned(Task& parent, Task& child, std::uint64_t flags, std::int32_t exit_signal) {
    if (parent.trace == nullptr || (flags & abi::kCloneUntraced) != 0) return;
    const std::uint32_t event = (flags & abi::kCloneVfork) != 0 ? abi::kPtraceEventVfork
                                : exit_signal != static_cast<std::int32_t>(Signal::Chld)
                                    ? abi::kPtraceEventClone
                                    : abi::kPtraceEventFork;
    const bool wanted = wants(parent, event);
    if (!wanted && (flags & abi::kClonePtrace) == 0) return;
    Process* const tracer = kernel_.processes().find(parent.trace->tracer);
    if (tracer == nullptr) return;
    attach(child, *tracer, parent.trace->seized, parent.trace->options);
    if (child.trace->seized) {
        interrupt(child);
    } else {
        child.pending.push({.signal = Signal::Stop, .code = abi::kSiKernel});
        child.tif_sigpending = true;
    }
    if (wanted) ask(parent, event, number_for_tracer(parent, child.pid()));
}

void Tracing::executed(Task& task, const Pid& before) {
    if (task.trace == nullptr) return;
    // A thread that has become the process has its number.
    if (before.first != task.id.value) {
        if (Process* tracer = kernel_.processes().find(task.trace->tracer)) {
            tracer->tracees.erase(TaskId{before.first});
            tracer->tracees.insert(task.id);
        }
    }
    if (wants(task, abi::kPtraceEventExec)) {
        ask(task, abi::kPtraceEventExec, number_for_tracer(task, before));
    } else if (!task.trace->seized) {
        kernel_.signals().send(task, {.signal = Signal::Trap, .code = abi::kSiUser});
    }
}

// A thread that is not the last is reaped by its tracer; of a process the zombie stays.
void Tracing::task_ends(Task& task, std::int32_t status) {
    if (task.trace == nullptr) return;
    Process* const tracer = kernel_.processes().find(task.trace->tracer);
    if (tracer == nullptr) return;
    if (task.id.value != task.process->pid) {
        tracer->tracees.erase(task.id);
        constexpr std::size_t kMostEnded = 4096;
        if (tracer->ended_tracees.size() < kMostEnded)
            tracer->ended_tracees[task.id] = {task.pid().in(tracer->pid_space()), status};
        tell_tracer(task, abi::kCldExited, status);
        task.trace.reset();
    } else if (!task.process->alive && task.process->parent_pid != tracer->pid) {
        task.process->waited_by = tracer->pid;
        tell_tracer(task, abi::kCldExited, status);
    }
}

void Tracing::tracer_ends(Process& tracer) {
    const auto tracees = tracer.tracees;
    for (const TaskId id : tracees) {
        Task* const task = kernel_.processes().find_task(id);
        if (task == nullptr || task->trace == nullptr) continue;
        const bool kill = (task->trace->options & abi::kPtraceOExitkill) != 0;
        detach(*task, 0);
        if (kill)
            kernel_.signals().send(*task->process,
                                   {.signal = Signal::Kill, .code = abi::kSiKernel});
    }
    tracer.tracees.clear();
    tracer.ended_tracees.clear();
    for (const auto& [pid, process] : kernel_.processes().all()) {
        if (process->waited_by != tracer.pid) continue;
        process->waited_by = 0;
        kernel_.processes().tell_parent(*process);
    }
}

}  // namespace uprobesim
