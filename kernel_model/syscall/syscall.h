// SPDX-License-Identifier: GPL-2.0-or-later
// Each system call is a row: number, name, handler, level of support, kernel path, note. A handler
// decodes its arguments, checks them, does the work and returns a value; only the dispatcher writes
// x0. A handler that knows a more exact path than its row's (a pipe instead of a file), or the
// number of units, sets it in the SysCall.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "kernel_model/abi/errno.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/memory/tagged.h"
#include "kernel_model/signal/signals.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

// The call blocks. It is entered again when its wait queue wakes it, at its deadline, or on a
// signal. `interrupted`: what the kernel's function would return if a signal ended the wait.
struct Block {
    Interrupted interrupted = Interrupted::RestartSys;
};
struct NoReturn {};  // exit, execve, rt_sigreturn: the handler has set the registers

// The result of a handler: a value for x0, an error, or one of the two above. TRY (sim/base/try.h)
// propagates errors.
class SysOutcome : public std::variant<std::uint64_t, Errno, Block, NoReturn> {
public:
    template <std::integral T>
    SysOutcome(T value) : variant(static_cast<std::uint64_t>(value)) {}  // sign-extended
    SysOutcome(Errno error) : variant(error) {}
    SysOutcome(Block block) : variant(block) {}
    SysOutcome(NoReturn none) : variant(none) {}
    SysOutcome(const tl::unexpected<Errno>& error) : variant(error.value()) {}
    SysOutcome(const SysResult<void>& result) : SysOutcome(0) {
        if (!result) *this = result.error();
    }
    template <std::integral T>
    SysOutcome(const SysResult<T>& result) : SysOutcome(0) {
        *this = result ? SysOutcome(*result) : SysOutcome(result.error());
    }
};

struct SysCall {
    Kernel& kernel;
    Process& process;
    Task& task;
    std::array<std::uint64_t, 6> args{};
    KernelPath path{};        // preset from the row
    std::uint64_t units = 0;  // charged with the path

    // The call is entered again when the queue wakes it; null: no queue. The handler must then
    // return Block{}. `events`, `exclusive`: as WaitQueue::add.
    void wait_on(WaitQueue* queue, std::uint32_t events = WaitQueue::kAnything,
                 bool exclusive = false) {
        if (queue != nullptr) queue->add(task, events, exclusive);
    }
    const Credentials& cred() const { return *task.cred; }
    bool capable(Capability capability) const { return task.cred->capable(capability); }
    // In the user namespace of the caller, or another one.
    bool has(Capability capability) const { return task.cred->has(capability); }
    bool capable_in(const UserSpace& space, Capability capability) const {
        return task.cred->capable_in(space, capability);
    }
    Caller caller() const { return caller_of(task); }
    Ipc& ipc() const { return kernel.ipc_of(process); }
    // --- ids of processes, tasks, groups and sessions: a guest's number is that of its namespace
    // pid_vnr: the number that the caller knows an id by; 0: it does not see it.
    std::int32_t number_of(std::int32_t id) const {
        return kernel.processes().ids().inside(process.pid_space(), id);
    }
    std::int32_t number_of(const Pid& pid) const { return pid.in(process.pid_space()); }
    // find_vpid: the id that a number of the caller stands for; 0: none.
    std::int32_t id_of(std::int32_t number) const {
        return PidTable::outside(process.pid_space(), number);
    }
    // By the caller's number; null: there is none, or it has ended.
    Process* find_process(std::int32_t number) const {
        return kernel.processes().find(id_of(number));
    }
    Task* find_task(std::int32_t number) const {
        return kernel.processes().find_task(TaskId{id_of(number)});
    }
    // The same with zombies.
    Process* find_any_process(std::int32_t number) const {
        return kernel.processes().find_any(id_of(number));
    }
    // find_process_by_pid: 0 is the caller; null: there is none.
    Task* task_of(std::int32_t number) const { return number == 0 ? &task : find_task(number); }
    // A group by the caller's number; 0: its own.
    std::int32_t group_of(std::int32_t number) const {
        return number == 0 ? process.group : id_of(number);
    }
    // check_same_owner: may change how the task is scheduled.
    bool owns(const Task& other) const {
        const std::uint32_t own = cred().uid.effective;
        return own == other.cred->uid.effective || own == other.cred->uid.real;
    }
    UserMemory memory() { return UserMemory(*process.mm, task.id, task.tif_tagged_addr); }
    // The address of memory that the kernel reads or writes, as access_ok judges it.
    VAddr accessed(VAddr at) const { return task.tif_tagged_addr ? untagged(at) : at; }
    VAddr address(std::size_t i) const { return VAddr(args[i]); }
    std::int32_t int32(std::size_t i) const { return static_cast<std::int32_t>(args[i]); }
    std::uint32_t uint32(std::size_t i) const { return static_cast<std::uint32_t>(args[i]); }
};

using SysFn = SysOutcome (*)(SysCall&);
// Handlers that do nothing but return a fixed value or a fixed error.
template <std::uint64_t kValue>
SysOutcome answer(SysCall&) {
    return kValue;
}
template <Errno kError>
SysOutcome refuse(SysCall&) {
    return kError;
}
enum class Support { Full, Partial, Stub };

// Which arguments of a call that may wait are descriptors: it has their files until its end
// (fdget), whatever becomes of the descriptors meanwhile. -1: none. poll and select look theirs up
// anew, and fcntl gives a lock back when the descriptor is gone: they have none.
struct KeptFiles {
    std::int8_t first = -1, second = -1;
};

struct SyscallRow {
    std::uint32_t number;  // AArch64 (asm-generic)
    std::string_view name;
    SysFn fn;
    Support support;
    KernelPath path;
    std::string_view note;  // required for Partial and Stub
    // The error when the kernel has no memory left. Nothing: the call needs none, or knows itself
    // what it needs, such as mmap, clone, and writes to pipes and sockets.
    std::optional<Errno> without_memory{};
    KeptFiles keeps{};
};

// One table per subject, each in its sys_<subject>.cpp. dispatch.cpp joins them and refuses
// duplicates.
std::span<const SyscallRow> memory_syscalls();
std::span<const SyscallRow> file_syscalls();
std::span<const SyscallRow> file_tree_syscalls();
std::span<const SyscallRow> process_syscalls();
std::span<const SyscallRow> clone_syscalls();
std::span<const SyscallRow> futex_syscalls();
std::span<const SyscallRow> sized_futex_syscalls();
std::span<const SyscallRow> wait_syscalls();
std::span<const SyscallRow> sched_syscalls();
std::span<const SyscallRow> prctl_syscalls();
std::span<const SyscallRow> signal_syscalls();
std::span<const SyscallRow> time_syscalls();
std::span<const SyscallRow> timer_syscalls();
std::span<const SyscallRow> event_syscalls();
std::span<const SyscallRow> copy_syscalls();
std::span<const SyscallRow> info_syscalls();
std::span<const SyscallRow> socket_syscalls();
std::span<const SyscallRow> sockopt_syscalls();
std::span<const SyscallRow> message_syscalls();
std::span<const SyscallRow> poll_syscalls();
std::span<const SyscallRow> epoll_syscalls();
std::span<const SyscallRow> shm_syscalls();
std::span<const SyscallRow> ids_syscalls();
std::span<const SyscallRow> attribute_syscalls();
std::span<const SyscallRow> stat_syscalls();
std::span<const SyscallRow> mount_list_syscalls();
std::span<const SyscallRow> fcntl_syscalls();
std::span<const SyscallRow> ioctl_syscalls();
std::span<const SyscallRow> handle_syscalls();
std::span<const SyscallRow> inotify_syscalls();
std::span<const SyscallRow> fanotify_syscalls();
std::span<const SyscallRow> space_syscalls();
std::span<const SyscallRow> xattr_syscalls();
std::span<const SyscallRow> capability_syscalls();
std::span<const SyscallRow> uts_syscalls();
std::span<const SyscallRow> namespace_syscalls();
std::span<const SyscallRow> mount_syscalls();
std::span<const SyscallRow> mount_file_syscalls();
std::span<const SyscallRow> ptrace_syscalls();
std::span<const SyscallRow> process_memory_syscalls();
std::span<const SyscallRow> memory_lock_syscalls();
std::span<const SyscallRow> madvise_syscalls();
std::span<const SyscallRow> memory_policy_syscalls();
std::span<const SyscallRow> aio_syscalls();
std::span<const SyscallRow> key_syscalls();
std::span<const SyscallRow> uring_syscalls();
std::span<const SyscallRow> semaphore_syscalls();
std::span<const SyscallRow> ipc_message_syscalls();
std::span<const SyscallRow> posix_queue_syscalls();
std::span<const SyscallRow> limit_syscalls();
std::span<const SyscallRow> seccomp_syscalls();
std::span<const SyscallRow> landlock_syscalls();
std::span<const SyscallRow> lsm_syscalls();
std::span<const SyscallRow> userfault_syscalls();
std::span<const SyscallRow> quota_syscalls();
std::span<const SyscallRow> policy_syscalls();
std::span<const SyscallRow> system_syscalls();
std::span<const SyscallRow> syslog_syscalls();
std::span<const SyscallRow> settime_syscalls();

}  // namespace uprobesim
