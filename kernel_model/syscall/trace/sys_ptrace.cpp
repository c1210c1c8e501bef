// SPDX-License-Identifier: GPL-2.0-or-later
// ptrace, one row per request (kernel/ptrace.c).
#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/abi/ptrace.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/memory/remote.h"
#include "kernel_model/signal/signals_frame.h"
#include "kernel_model/syscall/trace/register_sets.h"
#include "kernel_model/task/trace_access.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

// A request on a tracee that stands still: its address and data are arguments 2 and 3.
using Request = SysOutcome (*)(SysCall&, Task&);

SysOutcome peek(SysCall& call, Task& task) {
    std::uint64_t word = 0;
    const auto bytes = std::as_writable_bytes(std::span(&word, 1));
    if (read_remote(*task.process->mm, call.address(2), bytes, RemoteAccess::Forced,
                    call.task.id) != sizeof word)
        return Errno::Io;
    if (!call.memory().put(call.address(3), word)) return Errno::Fault;
    return 0;
}

SysOutcome poke(SysCall& call, Task& task) {
    const auto bytes = std::as_bytes(std::span(&call.args[3], 1));
    if (write_remote(*task.process->mm, call.address(2), bytes, RemoteAccess::Forced,
                     call.task.id) != sizeof call.args[3])
        return Errno::Io;
    return 0;
}

SysOutcome go_on(SysCall& call, Task& task, TraceResume how, bool step) {
    if (call.args[3] > static_cast<std::uint64_t>(kSignalCount)) return Errno::Io;
    call.kernel.tracing().resume(task, how, step, call.int32(3));
    return 0;
}
SysOutcome cont(SysCall& call, Task& task) {
    return go_on(call, task, TraceResume::Continue, false);
}
SysOutcome to_system_call(SysCall& call, Task& task) {
    return go_on(call, task, TraceResume::Syscall, false);
}
SysOutcome emulate_calls(SysCall& call, Task& task) {
    return go_on(call, task, TraceResume::Sysemu, false);
}
SysOutcome single_step(SysCall& call, Task& task) {
    return go_on(call, task, TraceResume::Continue, true);
}
SysOutcome emulated_step(SysCall& call, Task& task) {
    return go_on(call, task, TraceResume::Sysemu, true);
}
SysOutcome detach(SysCall& call, Task& task) {
    if (call.args[3] > static_cast<std::uint64_t>(kSignalCount)) return Errno::Io;
    call.kernel.tracing().detach(task, call.int32(3));
    return 0;
}

SysResult<void> check_options(std::uint64_t options) {
    if ((options & ~std::uint64_t{kPtraceOMask}) != 0) return tl::make_unexpected(Errno::Inval);
    // Without seccomp there is nothing to suspend.
    if ((options & kPtraceOSuspendSeccomp) != 0) return tl::make_unexpected(Errno::Inval);
    return {};
}

SysOutcome set_options(SysCall& call, Task& task) {
    TRY(check_options(call.args[3]));
    task.trace->options = call.uint32(3);
    return 0;
}

SysOutcome event_message(SysCall& call, Task& task) {
    if (!call.memory().put(call.address(3), task.trace->message)) return Errno::Fault;
    return 0;
}

SysOutcome signal_info(SysCall& call, Task& task) {
    // A group's stop of a task that was not seized has none.
    if (task.trace->stop == TraceStop::Group && !task.trace->seized) return Errno::Inval;
    abi::SigInfo bytes = siginfo_of(task.trace->info, kSaExposeTagBits);
    if (task.trace->stop != TraceStop::Signal) {
        bytes.code = task.trace->code;
        bytes.fields = {};
        bytes.fields[0] = static_cast<std::uint32_t>(task.trace->info.pid) |
                          std::uint64_t{task.trace->info.uid} << 32;
    }
    if (!call.memory().put(call.address(3), bytes)) return Errno::Fault;
    return 0;
}

SysOutcome set_signal_info(SysCall& call, Task& task) {
    const auto bytes = call.memory().get<abi::SigInfo>(call.address(3));
    if (!bytes) return Errno::Fault;
    if (task.trace->stop == TraceStop::Group) return Errno::Inval;
    if (!is_signal(bytes->signo)) return Errno::Inval;
    task.trace->info = signal_info_of(*bytes);
    return 0;
}

SysOutcome signal_mask(SysCall& call, Task& task) {
    if (call.args[2] != kSigsetSize) return Errno::Inval;
    const std::uint64_t mask = task.restore_sigmask ? task.saved_sigmask : task.sigmask;
    if (!call.memory().put(call.address(3), mask)) return Errno::Fault;
    return 0;
}
SysOutcome set_signal_mask(SysCall& call, Task& task) {
    if (call.args[2] != kSigsetSize) return Errno::Inval;
    const auto mask = call.memory().get<std::uint64_t>(call.address(3));
    if (!mask) return Errno::Fault;
    task.sigmask = *mask & ~kUnblockable;
    task.restore_sigmask = false;
    call.kernel.signals().recalculate(task);
    return 0;
}

struct PeekArgs {
    std::uint64_t offset;
    std::uint32_t flags;
    std::int32_t count;
};

SysOutcome peek_signals(SysCall& call, Task& task) {
    UserMemory memory = call.memory();
    const auto args = memory.get<PeekArgs>(call.address(2));
    if (!args) return Errno::Fault;
    constexpr std::uint32_t kShared = 1;
    if ((args->flags & ~kShared) != 0 || args->count < 0) return Errno::Inval;
    const SignalQueue& queue = (args->flags & kShared) != 0 ? task.process->pending : task.pending;
    std::uint64_t skip = args->offset;
    std::int32_t copied = 0;
    for (const SignalInfo& info : queue.all()) {
        if (copied == args->count) break;
        if (skip != 0) {
            --skip;
            continue;
        }
        const VAddr to =
            call.address(3) + static_cast<std::uint64_t>(copied) * sizeof(abi::SigInfo);
        if (!memory.put(to, siginfo_of(info, kSaExposeTagBits))) {
            if (copied == 0) return Errno::Fault;
            break;
        }
        ++copied;
    }
    return std::int64_t{copied};
}

SysOutcome move_registers(SysCall& call, Task& task, bool writes) {
    UserMemory memory = call.memory();
    auto part = memory.get<Iovec>(call.address(3));
    if (!part) return Errno::Fault;
    const std::uint32_t type = call.uint32(2);
    const auto whole = TRY(read_register_set(call.kernel, task, type));
    if (part->length % register_bytes(type) != 0) return Errno::Inval;
    part->length = std::min<std::uint64_t>(part->length, whole.size());
    if (writes) {
        std::vector<std::byte> given(part->length);
        if (!memory.read(VAddr(part->base), given)) return Errno::Fault;
        TRY(write_register_set(call.kernel, task, type, given));
    } else if (!memory.write(VAddr(part->base), std::span(whole).first(part->length))) {
        return Errno::Fault;
    }
    if (!memory.put(call.address(3), *part)) return Errno::Fault;
    return 0;
}
SysOutcome get_registers(SysCall& call, Task& task) {
    return move_registers(call, task, false);
}
SysOutcome set_registers(SysCall& call, Task& task) {
    return move_registers(call, task, true);
}

SysOutcome call_info(SysCall& call, Task& task) {
    const UserRegisters r = call.kernel.machine().cpu->read_all(task.context);
    PtraceSyscallInfo info{.pc = r.pc, .sp = r.sp};
    std::size_t size = 24;
    if (task.trace->stop == TraceStop::Entry) {
        info.op = kSyscallInfoEntry;
        info.number_or_value = static_cast<std::uint64_t>(std::int64_t{task.trace->number});
        std::copy_n(r.x.begin(), info.arguments.size(), info.arguments.begin());
        size = 80;
    } else if (task.trace->stop == TraceStop::Exit) {
        info.op = kSyscallInfoExit;
        info.number_or_value = r.x[0];
        constexpr std::uint64_t kMostErrno = 4095;
        info.arguments[0] = r.x[0] > ~kMostErrno ? 1 : 0;
        size = 33;
    }
    const auto bytes = std::as_bytes(std::span(&info, 1));
    if (!call.memory().write(call.address(3),
                             bytes.first(std::min<std::uint64_t>(size, call.args[2]))))
        return Errno::Fault;
    return size;
}

SysOutcome listen(SysCall& call, Task& task) {
    Trace& trace = *task.trace;
    const bool event_stop = trace.code >> 8 == static_cast<std::int32_t>(kPtraceEventStop);
    if (!trace.seized || !event_stop) return Errno::Io;
    trace.listens = true;
    if (trace.interrupt) call.kernel.tracing().interrupt(task);
    return 0;
}

SysOutcome no_such(SysCall&, Task&) {
    return Errno::Io;
}

struct Row {
    std::uint64_t request;
    Request fn;
};
constexpr Row kRequests[] = {
    {kPtracePeektext, peek},
    {kPtracePeekdata, peek},
    {kPtracePoketext, poke},
    {kPtracePokedata, poke},
    {kPtraceCont, cont},
    {kPtraceSinglestep, single_step},
    {kPtraceDetach, detach},
    {kPtraceSyscall, to_system_call},
    {kPtraceSysemu, emulate_calls},
    {kPtraceSysemuSinglestep, emulated_step},
    {kPtraceSetoptions, set_options},
    {kPtraceGeteventmsg, event_message},
    {kPtraceGetsiginfo, signal_info},
    {kPtraceSetsiginfo, set_signal_info},
    {kPtraceGetregset, get_registers},
    {kPtraceSetregset, set_registers},
    {kPtraceListen, listen},
    {kPtracePeeksiginfo, peek_signals},
    {kPtraceGetsigmask, signal_mask},
    {kPtraceSetsigmask, set_signal_mask},
    {kPtraceGetSyscallInfo, call_info},
};

SysOutcome trace_me(SysCall& call) {
    if (call.task.trace != nullptr) return Errno::Perm;
    Process* const parent = call.kernel.processes().find(call.process.parent_pid);
    // Init traces nobody, and a tracee of it would stop for ever.
    if (parent == nullptr || parent->is_init()) return Errno::Perm;
    if (!may_look_into(parent->cred->landlock.get(), call.cred().landlock.get()))
        return Errno::Perm;
    call.kernel.tracing().attach(call.task, *parent, false, 0);
    return 0;
}

SysOutcome attach(SysCall& call, bool seizes) {
    Task* const task = call.find_task(call.int32(1));
    if (task == nullptr) return Errno::Srch;
    if (seizes) {
        if (call.args[2] != 0 || (call.args[3] & ~std::uint64_t{kPtraceOMask}) != 0)
            return Errno::Io;
        TRY(check_options(call.args[3]));
    }
    // Init has no registers to show, and does not stop.
    if (task->process == &call.process || task->process->is_init()) return Errno::Perm;
    if (!may_access(call.task, *task)) return Errno::Perm;
    if (task->trace != nullptr || task->state == TaskState::Dead) return Errno::Perm;
    Tracing& tracing = call.kernel.tracing();
    tracing.attach(*task, call.process, seizes, seizes ? call.uint32(3) : 0);
    const bool stopped = task->state == TaskState::Stopped;
    if (stopped) {
        const auto signal = task->process->events.stopped != 0
                                ? static_cast<Signal>(task->process->events.stopped)
                                : Signal::Stop;
        tracing.group_stopped(*task, signal);
    } else if (!seizes) {
        call.kernel.signals().send(*task, {.signal = Signal::Stop, .code = kSiKernel});
    }
    return 0;
}

SysOutcome interrupt(SysCall& call, Task& task) {
    if (!task.trace->seized) return Errno::Io;
    call.kernel.tracing().interrupt(task);
    return 0;
}

SysOutcome sys_ptrace(SysCall& call) {
    const std::uint64_t request = call.args[0];
    if (request == kPtraceTraceme) return trace_me(call);
    if (request == kPtraceAttach || request == kPtraceSeize)
        return attach(call, request == kPtraceSeize);
    Task* const task = call.find_task(call.int32(1));
    if (task == nullptr) return Errno::Srch;
    if (task->trace == nullptr || task->trace->tracer != call.process.pid) return Errno::Srch;
    if (request == kPtraceKill) {
        call.kernel.signals().send(*task->process, {.signal = Signal::Kill, .code = kSiKernel});
        return 0;
    }
    if (request == kPtraceInterrupt) return interrupt(call, *task);
    if (task->trace->stop == TraceStop::None || task->trace->listens) return Errno::Srch;
    const auto* row = std::ranges::find(kRequests, request, &Row::request);
    return (row == std::end(kRequests) ? no_such : row->fn)(call, *task);
}

constexpr SyscallRow kPtraceRows[] = {
    {117, "ptrace", sys_ptrace, Support::Full, KernelPath::SysPrctl, {}}};

}  // namespace

std::span<const SyscallRow> ptrace_syscalls() {
    return kPtraceRows;
}

}  // namespace uprobesim
