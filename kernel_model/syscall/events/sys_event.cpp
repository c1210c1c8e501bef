// SPDX-License-Identifier: GPL-2.0-or-later
// System calls on files without a name: eventfd, timerfd, signalfd, memfd, pidfd.
#include <fmt/format.h>

#include <bit>

#include "kernel_model/abi/clock.h"
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/files/event/event_file.h"
#include "kernel_model/files/event/memory_file.h"
#include "kernel_model/files/event/process_file.h"
#include "kernel_model/files/event/secret_file.h"
#include "kernel_model/files/event/signal_file.h"
#include "kernel_model/files/event/timer_file.h"
#include "kernel_model/proc/proc_files.h"
#include "kernel_model/signal/signals.h"
#include "kernel_model/syscall/process_fd.h"
#include "kernel_model/syscall/signal_rights.h"
#include "kernel_model/syscall/time_args.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "kernel_model/task/trace_access.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

SysOutcome add_file(SysCall& call, std::shared_ptr<File> file, bool close_on_exec) {
    auto fd = TRY(call.process.files.add(std::move(file), close_on_exec));
    return static_cast<std::uint64_t>(fd);
}

SysOutcome sys_eventfd2(SysCall& call) {
    const std::uint32_t flags = call.uint32(1);
    if ((flags & ~(kEfdSemaphore | kEfdCloexec | kEfdNonblock)) != 0) return Errno::Inval;
    return add_file(call,
                    std::make_shared<EventFile>(call.uint32(0), (flags & kEfdSemaphore) != 0,
                                                kORdwr | (flags & kONonblock)),
                    (flags & kOCloexec) != 0);
}

// --- timerfd

SysOutcome sys_timerfd_create(SysCall& call) {
    const std::uint32_t flags = call.uint32(1);
    if ((flags & ~(kOCloexec | kONonblock)) != 0) return Errno::Inval;
    switch (call.int32(0)) {
        case kClockRealtime:
        case kClockMonotonic:
        case kClockBoottime: break;
        // The machine does not sleep, and need not be woken.
        case kClockRealtimeAlarm:
        case kClockBoottimeAlarm:
            if (!call.capable(Capability::WakeAlarm)) return Errno::Perm;
            break;
        default: return Errno::Inval;
    }
    return add_file(call,
                    std::make_shared<TimerFile>(
                        call.kernel.timers(), call.kernel.scheduler(),
                        call.int32(0) == kClockRealtime || call.int32(0) == kClockRealtimeAlarm
                            ? &call.kernel.clock().realtime_base()
                            : nullptr,
                        kORdwr | (flags & kONonblock), call.int32(0)),
                    (flags & kOCloexec) != 0);
}

struct ItimerSpec {
    TimeSpec interval, value;
};

ItimerSpec to_spec(TimerFile::Setting s) {
    return {to_timespec(s.interval_ns), to_timespec(s.value_ns)};
}

SysOutcome sys_timerfd_settime(SysCall& call) {
    UserMemory memory = call.memory();
    const auto interval = TRY(read_duration(memory, call.address(2)));
    const auto value = TRY(read_duration(memory, call.address(2) + sizeof(TimeSpec)));
    if ((call.uint32(1) & ~(kTfdTimerAbstime | kTfdTimerCancelOnSet)) != 0) return Errno::Inval;
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    auto* timer = dynamic_cast<TimerFile*>(file.get());
    if (timer == nullptr) return Errno::Inval;
    const ItimerSpec old = to_spec(timer->remaining());
    const bool absolute = (call.uint32(1) & kTfdTimerAbstime) != 0;
    const std::uint64_t first = absolute ? to_host_time(call, timer->clock_id(), value) : value;
    timer->set({first, interval}, absolute, (call.uint32(1) & kTfdTimerCancelOnSet) != 0);
    if (call.args[3] != 0 && !memory.put(call.address(3), old)) return Errno::Fault;
    return 0;
}

SysOutcome sys_timerfd_gettime(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    auto* timer = dynamic_cast<TimerFile*>(file.get());
    if (timer == nullptr) return Errno::Inval;
    if (!call.memory().put(call.address(1), to_spec(timer->remaining()))) return Errno::Fault;
    return 0;
}

SysOutcome sys_signalfd4(SysCall& call) {
    const std::uint32_t flags = call.uint32(3);
    if (call.args[2] != kSigsetSize) return Errno::Inval;
    const auto mask = call.memory().get<std::uint64_t>(call.address(1));
    if (!mask) return Errno::Fault;
    if ((flags & ~(kOCloexec | kONonblock)) != 0) return Errno::Inval;
    const std::uint64_t wanted = *mask & ~kUnblockable;
    if (call.int32(0) == -1)
        return add_file(call,
                        std::make_shared<SignalFile>(std::make_unique<CallerSignals>(call.kernel),
                                                     wanted, kORdwr | (flags & kONonblock)),
                        (flags & kOCloexec) != 0);
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    auto* signals = dynamic_cast<SignalFile*>(file.get());
    if (signals == nullptr) return Errno::Inval;
    signals->set_mask(wanted);
    return std::uint64_t{call.uint32(0)};
}

// Above the inode numbers of shared anonymous mappings, which are on the same device.
std::uint64_t memfd_inode(SysCall& call) {
    return call.kernel.new_inode() | std::uint64_t{1} << 32;
}

SysOutcome sys_memfd_create(SysCall& call) {
    const std::uint32_t flags = call.uint32(1);
    if ((flags & ~(kMfdCloexec | kMfdAllowSealing | kMfdNoexecSeal | kMfdExec)) != 0) {
        if ((flags & kMfdHugetlb) != 0)
            call.kernel.counters().note_unmodelled("memfd_create MFD_HUGETLB", "answered EINVAL");
        return Errno::Inval;
    }
    if ((flags & kMfdNoexecSeal) != 0 && (flags & kMfdExec) != 0) return Errno::Inval;
    const auto name = call.memory().read_string(call.address(0), kMfdNameMax + 1);
    if (!name) return Errno::Fault;
    if (name->size() > kMfdNameMax) return Errno::Inval;
    auto shared = std::make_shared<MemoryFile::Shared>();
    const std::uint64_t inode = memfd_inode(call);
    shared->memory = std::make_shared<SharedMemory>(call.kernel.machine().memory, inode, 0,
                                                    "/memfd:" + *name + " (deleted)");
    shared->status = {.device = SharedMemory::kDevice,
                      .inode = inode,
                      .mode = kIfReg | ((flags & kMfdNoexecSeal) != 0 ? 0666u : 0777u),
                      .links = 0,
                      .uid = call.cred().uid.fs,
                      .gid = call.cred().gid.fs};
    if ((flags & kMfdNoexecSeal) != 0) {
        shared->seals = kFSealExec;
    } else if ((flags & kMfdAllowSealing) == 0) {
        shared->seals = kFSealSeal;
    }
    return add_file(call, std::make_shared<MemoryFile>(std::move(shared), kORdwr | kOLargefile),
                    (flags & kMfdCloexec) != 0);
}

SysOutcome sys_memfd_secret(SysCall& call) {
    const std::uint32_t flags = call.uint32(0);
    if ((flags & ~kOCloexec) != 0) return Errno::Inval;
    return add_file(call,
                    std::make_shared<SecretFile>(call.kernel.machine().memory, memfd_inode(call),
                                                 call.cred().uid.fs, call.cred().gid.fs),
                    (flags & kOCloexec) != 0);
}

// --- processes

SysOutcome sys_pidfd_open(SysCall& call) {
    if ((call.uint32(1) & ~kONonblock) != 0 || call.int32(0) <= 0) return Errno::Inval;
    return add_process_fd(call, call.id_of(call.int32(0)), call.uint32(1));
}

// kill_pgrp_info.
SysOutcome signal_group(SysCall& call, std::int32_t group, std::int32_t signal,
                        const SignalInfo& info) {
    bool found = false, allowed = false;
    for (const auto& [pid, process] : call.kernel.processes().all()) {
        if (process->group != group) continue;
        found = true;
        if (!may_signal(call, *process, signal)) continue;
        allowed = true;
        if (signal != 0) call.kernel.signals().send(*process, info);
    }
    return allowed ? SysOutcome(0) : found ? SysOutcome(Errno::Perm) : SysOutcome(Errno::Srch);
}

SysOutcome sys_pidfd_send_signal(SysCall& call) {
    const std::int32_t signal = call.int32(1);
    const std::uint32_t scope = call.uint32(3);
    if ((scope & ~(kPidfdSignalThread | kPidfdSignalThreadGroup | kPidfdSignalProcessGroup)) != 0 ||
        std::popcount(scope) > 1)
        return Errno::Inval;
    const auto file = call.process.files.share(call.int32(0));
    const auto* of_process = dynamic_cast<const ProcessFile*>(file.get());
    const auto target = of_process != nullptr ? std::optional(of_process->id())
                        : file != nullptr
                            ? process_of_directory(call.kernel.processes().ids(), *file)
                            : std::nullopt;
    if (!target) return bad_descriptor(call);
    // access_pidfd_pidns
    if (call.process.pid_space() != nullptr && call.number_of(*target) == 0) return Errno::Inval;
    Process* const process = of_process != nullptr && of_process->pid() < 0
                                 ? nullptr
                                 : call.kernel.processes().find(target->first);
    SignalInfo info{.signal = static_cast<Signal>(signal),
                    .code = scope == kPidfdSignalThread ? kSiTkill : kSiUser,
                    .pid = call.process.id().own(),
                    .uid = call.cred().uid.real};
    if (call.args[2] != 0) {
        struct Given {
            std::int32_t signo, error, code, pad, pid;
            std::uint32_t uid;
            std::uint64_t value;
        };
        const auto given = call.memory().get<Given>(call.address(2));
        if (!given) return Errno::Fault;
        if (given->signo != signal) return Errno::Inval;
        if ((given->code >= 0 || given->code == kSiTkill) && process != &call.process)
            return Errno::Perm;
        info.code = given->code;
        info.pid = given->pid;
        info.uid = given->uid;
        info.value = given->value;
    }
    if (signal != 0 && !is_signal(signal)) return Errno::Inval;
    if (scope == kPidfdSignalProcessGroup) return signal_group(call, target->first, signal, info);
    if (process == nullptr) return Errno::Srch;
    if (!may_signal(call, *process, signal)) return Errno::Perm;
    if (signal == 0) return 0;
    SignalQueues& signals = call.kernel.signals();
    const Sending sent = scope == kPidfdSignalThread
                             ? signals.send(*process->tasks.begin()->second, info)
                             : signals.send(*process, info);
    return sent == Sending::NoRoom ? SysOutcome(Errno::Again) : SysOutcome(0);
}

SysOutcome sys_pidfd_getfd(SysCall& call) {
    if (call.uint32(2) != 0) return Errno::Inval;
    const auto file = call.process.files.share(call.int32(0));
    const auto* of_process = dynamic_cast<const ProcessFile*>(file.get());
    if (of_process == nullptr) return Errno::Badf;
    const Process* process = call.kernel.processes().find(of_process->pid());
    if (process == nullptr) return Errno::Srch;
    if (!may_access(call.task, *process)) return Errno::Perm;
    auto wanted = process->files.share(call.int32(1));
    if (wanted == nullptr) return Errno::Badf;
    return add_file(call, std::move(wanted), true);
}

constexpr SyscallRow kEventRows[] = {
    {19, "eventfd2", sys_eventfd2, Support::Full, KernelPath::SysEventfd, {}, Errno::NoMem},
    {74, "signalfd4", sys_signalfd4, Support::Full, KernelPath::SysEventfd, {}, Errno::NoMem},
    {85,
     "timerfd_create",
     sys_timerfd_create,
     Support::Full,
     KernelPath::SysEventfd,
     {},
     Errno::NoMem},
    {86, "timerfd_settime", sys_timerfd_settime, Support::Full, KernelPath::SysTimerfd, {}},
    {87, "timerfd_gettime", sys_timerfd_gettime, Support::Full, KernelPath::SysTimerfd, {}},
    {279,
     "memfd_create",
     sys_memfd_create,
     Support::Full,
     KernelPath::SysEventfd,
     {},
     Errno::NoMem},
    {447,
     "memfd_secret",
     sys_memfd_secret,
     Support::Full,
     KernelPath::SysEventfd,
     {},
     Errno::NoMem},
    {424, "pidfd_send_signal", sys_pidfd_send_signal, Support::Full, KernelPath::SysKill, {}},
    {438, "pidfd_getfd", sys_pidfd_getfd, Support::Full, KernelPath::SysDup, {}, Errno::NoMem},
    {434, "pidfd_open", sys_pidfd_open, Support::Full, KernelPath::SysEventfd, {}, Errno::NoMem},
};

}  // namespace

SysOutcome add_process_fd(SysCall& call, std::int32_t pid, std::uint32_t flags) {
    const auto process = call.kernel.processes().all().find(pid);
    if (process == call.kernel.processes().all().end()) {
        // Without PIDFD_THREAD, a pidfd can refer to a thread group leader only.
        return call.kernel.processes().find_task(TaskId{pid}) != nullptr ? Errno::Inval
                                                                         : Errno::Srch;
    }
    return add_file(call, std::make_shared<ProcessFile>(*process->second, kORdwr | flags), true);
}

std::span<const SyscallRow> event_syscalls() {
    return kEventRows;
}

}  // namespace uprobesim
