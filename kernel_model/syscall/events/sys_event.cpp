// SPDX-License-Identifier: GPL-2.0-or-later
// Calls that make files without a name: counters, timers, signals, memory, processes.
#include <fmt/format.h>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/event/event_file.h"
#include "kernel_model/files/event/memory_file.h"
#include "kernel_model/files/event/process_file.h"
#include "kernel_model/files/event/signal_file.h"
#include "kernel_model/files/event/timer_file.h"
#include "kernel_model/signal/signals.h"
#include "kernel_model/syscall/files/file_transfer.h"
#include "kernel_model/syscall/process_fd.h"
#include "kernel_model/syscall/time_args.h"

namespace uprobesim {
namespace {

using namespace abi;

SysOutcome add_file(SysCall& c, std::shared_ptr<File> file, bool close_on_exec) {
    auto fd = c.process.files.add(std::move(file), close_on_exec);
    if (!fd) return fd.error();
    return static_cast<std::uint64_t>(*fd);
}

SysOutcome eventfd2(SysCall& c) {
    constexpr std::uint32_t kSemaphore = 1;
    const std::uint32_t flags = c.uint32(1);
    if ((flags & ~(kSemaphore | kOCloexec | kONonblock)) != 0) return Errno::Inval;
    return add_file(c,
                    std::make_shared<EventFile>(c.uint32(0), (flags & kSemaphore) != 0,
                                                kORdwr | (flags & kONonblock)),
                    (flags & kOCloexec) != 0);
}

// --- timerfd

SysOutcome timerfd_create(SysCall& c) {
    const std::uint32_t flags = c.uint32(1);
    if ((flags & ~(kOCloexec | kONonblock)) != 0) return Errno::Inval;
    switch (c.int32(0)) {
        case 0:  // CLOCK_REALTIME
        case 1:  // CLOCK_MONOTONIC
        case 7:
            break;  // CLOCK_BOOTTIME
        // The alarm clocks wake a machine that sleeps.
        case 8:
        case 9: return c.process.uid != 0 ? Errno::Perm : Errno::NotSup;
        default: return Errno::Inval;
    }
    return add_file(
        c, std::make_shared<TimerFile>(c.kernel, c.int32(0) == 0, kORdwr | (flags & kONonblock)),
        (flags & kOCloexec) != 0);
}

struct ItimerSpec {
    TimeSpec interval, value;
};

ItimerSpec to_spec(TimerFile::Setting s) {
    return {to_timespec(s.interval_ns), to_timespec(s.value_ns)};
}

SysOutcome timerfd_settime(SysCall& c) {
    constexpr std::uint32_t kAbsolute = 1, kCancelOnSet = 2;  // nobody sets the clock
    UserMemory memory = c.memory();
    const auto interval = read_duration(memory, c.address(2));
    const auto value = interval ? read_duration(memory, c.address(2) + sizeof(TimeSpec)) : interval;
    if (!value) return value.error();
    if ((c.uint32(1) & ~(kAbsolute | kCancelOnSet)) != 0) return Errno::Inval;
    const auto file = c.process.files.share(c.int32(0));
    if (!file) return bad_descriptor(c);
    auto* timer = dynamic_cast<TimerFile*>(file.get());
    if (timer == nullptr) return Errno::Inval;
    const ItimerSpec old = to_spec(timer->remaining());
    timer->set({*value, *interval}, (c.uint32(1) & kAbsolute) != 0);
    if (c.args[3] != 0 && !memory.put(c.address(3), old)) return Errno::Fault;
    return 0u;
}

SysOutcome timerfd_gettime(SysCall& c) {
    const auto file = c.process.files.share(c.int32(0));
    if (!file) return bad_descriptor(c);
    auto* timer = dynamic_cast<TimerFile*>(file.get());
    if (timer == nullptr) return Errno::Inval;
    if (!c.memory().put(c.address(1), to_spec(timer->remaining()))) return Errno::Fault;
    return 0u;
}

SysOutcome signalfd4(SysCall& c) {
    const std::uint32_t flags = c.uint32(3);
    if (c.args[2] != 8) return Errno::Inval;
    const auto mask = c.memory().get<std::uint64_t>(c.address(1));
    if (!mask) return Errno::Fault;
    if ((flags & ~(kOCloexec | kONonblock)) != 0) return Errno::Inval;
    const std::uint64_t wanted = *mask & ~kUnblockable;
    if (c.int32(0) == -1)
        return add_file(
            c, std::make_shared<SignalFile>(c.kernel, wanted, kORdwr | (flags & kONonblock)),
            (flags & kOCloexec) != 0);
    const auto file = c.process.files.share(c.int32(0));
    if (!file) return bad_descriptor(c);
    auto* signals = dynamic_cast<SignalFile*>(file.get());
    if (signals == nullptr) return Errno::Inval;
    signals->set_mask(wanted);
    return std::uint64_t{c.uint32(0)};
}

SysOutcome memfd_create(SysCall& c) {
    constexpr std::uint32_t kCloexec = 1, kAllowSealing = 2, kHugetlb = 4, kNoexecSeal = 8,
                            kExec = 0x10;
    constexpr std::size_t kMostName = 249;  // MFD_NAME_MAX_LEN
    const std::uint32_t flags = c.uint32(1);
    if ((flags & ~(kCloexec | kAllowSealing | kNoexecSeal | kExec)) != 0) {
        if ((flags & kHugetlb) != 0)
            c.kernel.note_unmodelled("memfd_create MFD_HUGETLB", "answered EINVAL");
        return Errno::Inval;
    }
    if ((flags & kNoexecSeal) != 0 && (flags & kExec) != 0) return Errno::Inval;
    const auto name = c.memory().read_string(c.address(0), kMostName + 1);
    if (!name) return Errno::Fault;
    if (name->size() > kMostName) return Errno::Inval;
    auto shared = std::make_shared<MemoryFile::Shared>();
    // Beyond the numbers of shared anonymous mappings, which are on the same device.
    const std::uint64_t inode = c.kernel.new_inode() | std::uint64_t{1} << 32;
    shared->memory = std::make_shared<SharedMemory>(c.kernel.machine().memory, inode, 0,
                                                    "/memfd:" + *name + " (deleted)");
    shared->status = {.device = SharedMemory::kDevice,
                      .inode = inode,
                      .mode = kIfReg | ((flags & kNoexecSeal) != 0 ? 0666u : 0777u),
                      .links = 0,
                      .uid = c.process.uid,
                      .gid = c.process.gid};
    if ((flags & kNoexecSeal) != 0) {
        shared->seals = MemoryFile::kSealExec;
    } else if ((flags & kAllowSealing) == 0) {
        shared->seals = MemoryFile::kSealSeal;
    }
    return add_file(c, std::make_shared<MemoryFile>(std::move(shared), kORdwr | kOLargefile),
                    (flags & kCloexec) != 0);
}

// --- processes

SysOutcome pidfd_open(SysCall& c) {
    if ((c.uint32(1) & ~kONonblock) != 0 || c.int32(0) <= 0) return Errno::Inval;
    return add_process_fd(c, c.int32(0), c.uint32(1));
}

SysOutcome pidfd_send_signal(SysCall& c) {
    const std::int32_t signal = c.int32(1);
    if (c.uint32(3) != 0) return Errno::Inval;
    const auto file = c.process.files.share(c.int32(0));
    const auto* of_process = dynamic_cast<const ProcessFile*>(file.get());
    if (of_process == nullptr) return bad_descriptor(c);
    SignalInfo info{.signal = static_cast<Signal>(signal),
                    .code = kSiUser,
                    .pid = c.process.pid,
                    .uid = c.process.uid};
    if (c.args[2] != 0) {
        struct Given {
            std::int32_t signo, error, code, pad, pid;
            std::uint32_t uid;
            std::uint64_t value;
        };
        const auto given = c.memory().get<Given>(c.address(2));
        if (!given) return Errno::Fault;
        if (given->signo != signal) return Errno::Inval;
        if ((given->code >= 0 || given->code == kSiTkill) && of_process->pid() != c.process.pid)
            return Errno::Perm;
        info.code = given->code;
        info.pid = given->pid;
        info.uid = given->uid;
        info.value = given->value;
    }
    if (signal < 0 || signal > kSignalCount) return Errno::Inval;
    Process* process = c.kernel.find_process(of_process->pid());
    if (process == nullptr) return Errno::Srch;
    if (signal != 0) c.kernel.send_signal(*process, info);
    return 0u;
}

constexpr SyscallRow kRows[] = {
    {19, "eventfd2", eventfd2, Support::Full, KernelPath::SysEventfd, {}},
    {74, "signalfd4", signalfd4, Support::Full, KernelPath::SysEventfd, {}},
    {85, "timerfd_create", timerfd_create, Support::Full, KernelPath::SysEventfd, {}},
    {86, "timerfd_settime", timerfd_settime, Support::Full, KernelPath::SysTimerfd, {}},
    {87, "timerfd_gettime", timerfd_gettime, Support::Full, KernelPath::SysTimerfd, {}},
    {279, "memfd_create", memfd_create, Support::Full, KernelPath::SysEventfd, {}},
    {424, "pidfd_send_signal", pidfd_send_signal, Support::Full, KernelPath::SysKill, {}},
    {434, "pidfd_open", pidfd_open, Support::Full, KernelPath::SysEventfd, {}},
};

}  // namespace

SysOutcome add_process_fd(SysCall& c, std::int32_t pid, std::uint32_t flags) {
    if (!c.kernel.processes().contains(pid)) {
        // A thread that is not the first has no descriptor of its own.
        return c.kernel.find_task(TaskId{pid}) != nullptr ? Errno::Inval : Errno::Srch;
    }
    return add_file(c, std::make_shared<ProcessFile>(c.kernel, pid, kORdwr | flags), true);
}

std::span<const SyscallRow> event_syscalls() {
    return kRows;
}

}  // namespace uprobesim
