// SPDX-License-Identifier: GPL-2.0-or-later
// System calls are rows: number, name, function, how far it is supported, path, note.
// A handler decodes its arguments, checks first, works, and returns a value; only
// the dispatcher writes x0. Handlers that know a better path than their row's
// (a pipe instead of a file, units) set it in the SysCall.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "kernel_model/abi/errno.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

struct Block {
};  // nothing to do now; entered again when what it waits on wakes, at its deadline, or by a signal
struct NoReturn {};  // exit, execve, rt_sigreturn: registers are already as they must be
using SysOutcome = std::variant<std::uint64_t, Errno, Block, NoReturn>;

struct SysCall {
    Kernel& kernel;
    Process& process;
    Task& task;
    std::array<std::uint64_t, 6> args;
    KernelPath path;          // preset from the row
    std::uint64_t units = 0;  // charged with the path

    // Enters the call again when the queue wakes; null: nothing to wait for. Then return Block{}.
    // `events`, `exclusive`: as WaitQueue::add.
    void wait_on(WaitQueue* queue, std::uint32_t events = WaitQueue::kAnything,
                 bool exclusive = false) {
        if (queue != nullptr) queue->add(task, events, exclusive);
    }
    UserMemory memory() { return UserMemory(*process.mm, task.id); }
    VAddr address(std::size_t i) const { return VAddr(args[i]); }
    std::int32_t int32(std::size_t i) const { return static_cast<std::int32_t>(args[i]); }
    std::uint32_t uint32(std::size_t i) const { return static_cast<std::uint32_t>(args[i]); }
};

using SysFn = SysOutcome (*)(SysCall&);
enum class Support { Full, Partial, Stub };

struct SyscallRow {
    std::uint32_t number;  // AArch64 (asm-generic)
    std::string_view name;
    SysFn fn;
    Support support;
    KernelPath path;
    std::string_view note;  // needed for Partial and Stub
};

// One table per theme, each in its sys_<theme>.cpp. dispatch.cpp joins them and refuses duplicates.
std::span<const SyscallRow> memory_syscalls();
std::span<const SyscallRow> file_syscalls();
std::span<const SyscallRow> file_tree_syscalls();
std::span<const SyscallRow> process_syscalls();
std::span<const SyscallRow> clone_syscalls();
std::span<const SyscallRow> futex_syscalls();
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
std::span<const SyscallRow> epoll_syscalls();
std::span<const SyscallRow> shm_syscalls();

}  // namespace uprobesim
