// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/dispatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "kernel_model/abi/calls/restart.h"
#include "kernel_model/abi/ptrace.h"
#include "kernel_model/syscall/held_files.h"
#include "kernel_model/syscall/seccomp_check.h"
#include "kernel_model/task/budgets.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kRoomForCall = kPageSize;

std::uint64_t as_register(Errno e) {
    return static_cast<std::uint64_t>(-static_cast<std::int64_t>(e));
}

std::array<std::uint64_t, 6> arguments(Kernel& kernel, const Task& task) {
    std::array<std::uint64_t, 6> values{};
    for (unsigned i = 0; i < values.size(); ++i)
        values[i] = kernel.machine().cpu->read(task.context, xreg(i));
    return values;
}

// A signal that ends the process whatever its tasks do (complete_signal).
bool fatal_signal_pending(const Task& task) {
    std::uint64_t pending = (task.pending.set() | task.process->pending.set()) & ~task.sigmask;
    for (; pending != 0; pending &= pending - 1) {
        const int number = std::countr_zero(pending) + 1;
        const auto signal = static_cast<Signal>(number);
        if (signal == Signal::Kill) return true;
        const auto& action = task.process->actions[static_cast<std::size_t>(number)];
        if (task.trace == nullptr && action.handler == abi::kSigDfl &&
            default_action(signal) == DefaultAction::Terminate)
            return true;
    }
    return false;
}

// The kernel's own access to a page that userfaultfd was asked for: the call is entered again when
// it was given. Of a call that has done a part, that is the result.
void wait_for_page(SysCall& call, SysOutcome& outcome) {
    const auto asked = call.process.mm->take_asked(call.task.id);
    if (!asked) [[likely]]
        return;
    const auto* const error = std::get_if<Errno>(&outcome);
    if (error == nullptr || *error != Errno::Fault || asked->watch->user_only()) return;
    call.wait_on(&asked->watch->ask(asked->fault));
    call.task.waits_killable = true;
    outcome = Block{};
}

}  // namespace

SyscallDispatcher::SyscallDispatcher()
    : SyscallDispatcher(
          std::array{memory_syscalls(),      file_syscalls(),        file_tree_syscalls(),
                     process_syscalls(),     clone_syscalls(),       futex_syscalls(),
                     sized_futex_syscalls(), wait_syscalls(),        sched_syscalls(),
                     prctl_syscalls(),       signal_syscalls(),      time_syscalls(),
                     timer_syscalls(),       event_syscalls(),       copy_syscalls(),
                     info_syscalls(),        socket_syscalls(),      sockopt_syscalls(),
                     message_syscalls(),     epoll_syscalls(),       shm_syscalls(),
                     poll_syscalls(),        ids_syscalls(),         capability_syscalls(),
                     uts_syscalls(),         namespace_syscalls(),   mount_syscalls(),
                     mount_file_syscalls(),  ptrace_syscalls(),      process_memory_syscalls(),
                     semaphore_syscalls(),   ipc_message_syscalls(), posix_queue_syscalls(),
                     memory_lock_syscalls(), madvise_syscalls(),     memory_policy_syscalls(),
                     aio_syscalls(),         key_syscalls(),         uring_syscalls(),
                     attribute_syscalls(),   stat_syscalls(),        mount_list_syscalls(),
                     fcntl_syscalls(),       ioctl_syscalls(),       inotify_syscalls(),
                     fanotify_syscalls(),    space_syscalls(),       xattr_syscalls(),
                     handle_syscalls(),      limit_syscalls(),       seccomp_syscalls(),
                     landlock_syscalls(),    quota_syscalls(),       policy_syscalls(),
                     system_syscalls(),      syslog_syscalls(),      settime_syscalls(),
                     lsm_syscalls(),         userfault_syscalls()}) {}

SyscallDispatcher::SyscallDispatcher(std::span<const std::span<const SyscallRow>> themes) {
    for (const auto theme : themes) {
        for (const SyscallRow& row : theme) {
            // Texts are made where they are told: there are hundreds of rows, at each start.
            if (row.number >= kLimit)
                fail_invariant(
                    fmt::format("system call {}: number {} is out of range", row.name, row.number));
            if (rows_[row.number] != nullptr)
                fail_invariant(fmt::format("system call {} has two rows", row.number));
            if (row.support != Support::Full && row.note.empty())
                fail_invariant(fmt::format("{}: partial support needs a note", row.name));
            rows_[row.number] = &row;
        }
    }
}

std::vector<const SyscallRow*> SyscallDispatcher::all() const {
    std::vector<const SyscallRow*> rows;
    std::copy_if(rows_.begin(), rows_.end(), std::back_inserter(rows),
                 [](const SyscallRow* r) { return r != nullptr; });
    return rows;
}

void SyscallDispatcher::enter(Kernel& kernel, Task& task) const {
    const auto number =
        static_cast<std::uint32_t>(kernel.machine().cpu->read(task.context, Reg::X8));
    if (Trace* trace = task.trace.get(); trace != nullptr && trace->resume != TraceResume::Continue)
        [[unlikely]] {
        trace->enters_call = true;
        trace->first_argument = kernel.machine().cpu->read(task.context, Reg::X0);
        return kernel.tracing().stop_at_call(task, TraceStop::Entry, number);
    }
    carry_out(kernel, task, number);
}

// The tracer may have changed number and arguments. PTRACE_SYSEMU carries out none.
void SyscallDispatcher::enter_traced(Kernel& kernel, Task& task) const {
    Trace& trace = *task.trace;
    trace.enters_call = false;
    if (trace.number == -1 || std::exchange(trace.emulated, false))
        return end_traced(kernel, task, static_cast<std::uint32_t>(trace.number));
    carry_out(kernel, task, static_cast<std::uint32_t>(trace.number));
}

// At the end of a call: what its tracer is told.
void SyscallDispatcher::end_traced(Kernel& kernel, Task& task, std::uint32_t number) {
    if (task.state != TaskState::Runnable || !task.process->alive) return;
    Trace& trace = *task.trace;
    const bool stops = trace.resume == TraceResume::Syscall;
    if (trace.event != 0) {
        trace.number = static_cast<std::int32_t>(number);
        trace.exit_stop_later = stops;
        kernel.tracing().stop_at_event(task);
    } else if (stops) {
        kernel.tracing().stop_at_call(task, TraceStop::Exit, number);
    } else if (task.tif_singlestep &&
               (kernel.client() == nullptr || !kernel.client()->owns_step(task))) {
        const std::uint64_t pc = kernel.machine().cpu->read(task.context, Reg::Pc);
        kernel.signals().force(task,
                               {.signal = Signal::Trap, .code = abi::kTrapTrace, .address = pc});
    }
}

void SyscallDispatcher::carry_out(Kernel& kernel, Task& task, std::uint32_t number) const {
    const SyscallRow* row = find(number);
    TrapObserver* const observer = kernel.observer();
    if (observer != nullptr) [[unlikely]] {
        observer->call_entered(task, {number, arguments(kernel, task)});
    }
    if (task.seccomp.mode != 0 && !seccomp_permits(kernel, task, number, arguments(kernel, task)))
        [[unlikely]] {
        if (observer != nullptr && task.state != TaskState::Dead)
            observer->call_ended(task, kernel.machine().cpu->read(task.context, Reg::X0));
        if (task.trace != nullptr) [[unlikely]]
            end_traced(kernel, task, number);
        return;
    }
    if (row == nullptr) {
        const std::string name = fmt::format("syscall {}", static_cast<std::int32_t>(number));
        kernel.counters().count_syscall(name);
        kernel.counters().note_unmodelled(name, "not in this kernel: answered ENOSYS");
        kernel.gate().spend(task, KernelPath::SysUnknown);
        kernel.machine().cpu->write(task.context, Reg::X0, as_register(Errno::NoSys));
        if (observer != nullptr) [[unlikely]] {
            observer->call_ended(task, as_register(Errno::NoSys));
        }
        if (task.trace != nullptr) [[unlikely]]
            end_traced(kernel, task, number);
        return;
    }
    kernel.counters().count_syscall(std::string(row->name));
    if (row->support != Support::Full)
        kernel.counters().note_unmodelled(std::string(row->name), std::string(row->note));
    task.woken = false;
    task.call_progress = 0;
    if (number == abi::kRestartSyscall && task.restarted) [[unlikely]] {
        row = find(task.restarted->number);
        task.wait_deadline_ns = task.restarted->deadline_ns;
        task.call_progress = task.restarted->progress;
        task.restarted.reset();
    }
    if (row->without_memory && !kernel.machine().memory.has_room(kRoomForCall)) [[unlikely]]
        return answer(kernel, task, *row, *row->without_memory);
    if (call(kernel, task, *row)) return;
    block(kernel, task, *row);
    if (task.trace != nullptr && task.trace->event != 0) [[unlikely]]
        kernel.tracing().stop_at_event(task);
}

// Ends a call that its handler is not asked about any more.
void SyscallDispatcher::answer(Kernel& kernel, Task& task, const SyscallRow& row, Errno error) {
    kernel.gate().spend(task, row.path);
    kernel.machine().cpu->write(task.context, Reg::X0, as_register(error));
    if (TrapObserver* observer = kernel.observer(); observer != nullptr) [[unlikely]] {
        observer->call_ended(task, as_register(error));
    }
    if (task.trace != nullptr) [[unlikely]]
        end_traced(kernel, task, row.number);
}

// Does not block if the task was woken in the meantime or has a pending signal.
void SyscallDispatcher::block(Kernel& kernel, Task& task, const SyscallRow& row) const {
    task.blocked_in = row.number;
    const bool interrupted = is_interrupted(task);
    task.resumes_call = task.woken || interrupted;
    task.state = task.resumes_call ? TaskState::Runnable : TaskState::Blocked;
    if (task.waits_on.size() > kFreeWaits)
        task.wait_charge =
            MemoryCharge(&kernel.machine().memory, task.waits_on.size() * kWaitBytes);
    if (task.resumes_call || task.wait_deadline_ns == kNoDeadline || task.wait_timer != 0) return;
    task.wait_timer = kernel.timers().arm(task.wait_deadline_ns, [&kernel, &task] {
        task.wait_timer = 0;
        kernel.gate().spend(task, KernelPath::TimerInterrupt, 0, Account::Interrupt);
        kernel.scheduler().wake(task);
    });
}

bool SyscallDispatcher::is_interrupted(const Task& task) {
    return task.tif_sigpending && (!task.waits_killable || fatal_signal_pending(task));
}

bool SyscallDispatcher::resume(Kernel& kernel, Task& task) const {
    // Made runnable first, so that the state set by a handler that ends or stops the task stays.
    task.state = TaskState::Runnable;
    const bool interrupted = is_interrupted(task);
    task.woken = false;
    task.leave_queues();
    task.wait_charge.resize(0);
    const SyscallRow* row = find(task.blocked_in);
    check_invariant(row != nullptr, "a task is blocked in no system call");
    if (call(kernel, task, *row)) return true;
    // The caller takes pending signals.
    if (interrupted) {
        task.state = TaskState::Blocked;
    } else {
        block(kernel, task, *row);
    }
    return false;
}

bool SyscallDispatcher::call(Kernel& kernel, Task& task, const SyscallRow& row) const {
    Cpu& cpu = *kernel.machine().cpu;
    SysCall call{.kernel = kernel,
                 .process = *task.process,
                 .task = task,
                 .args = arguments(kernel, task),
                 .path = row.path};

    kernel.set_current(&task);
    SysOutcome outcome = [&] {
        const WithHeldFiles held(task.process->files, task.held_files);
        return row.fn(call);
    }();
    if (task.process->mm != nullptr) wait_for_page(call, outcome);
    kernel.set_current(nullptr);
    if (const auto* blocks = std::get_if<Block>(&outcome)) {
        task.interrupted = blocks->interrupted;
        hold_files(call, row.keeps, task.held_files);
        return false;
    }
    kernel.gate().spend(task, call.path, call.units);
    if (task.waits()) end_wait(task, kernel.timers(), kernel.futexes());
    if (const auto* value = std::get_if<std::uint64_t>(&outcome))
        cpu.write(task.context, Reg::X0, *value);
    if (const auto* error = std::get_if<Errno>(&outcome))
        cpu.write(task.context, Reg::X0, as_register(*error));
    if (TrapObserver* observer = kernel.observer();
        observer != nullptr && task.state != TaskState::Dead) [[unlikely]] {
        observer->call_ended(task, cpu.read(task.context, Reg::X0));
    }
    if (task.trace != nullptr) [[unlikely]]
        end_traced(kernel, task, row.number);
    return true;
}

void SyscallDispatcher::end_interrupted(Kernel& kernel, Task& task) const {
    const SyscallRow* row = find(task.blocked_in);
    check_invariant(row != nullptr, "a task is blocked in no system call");
    if (task.state == TaskState::Blocked) task.state = TaskState::Runnable;
    end_wait(task, kernel.timers(), kernel.futexes());
    task.resumes_call = false;
    answer(kernel, task, *row, Errno::Intr);
}

}  // namespace uprobesim
