// SPDX-License-Identifier: GPL-2.0-or-later
// System calls are rows: number, name, function, how far it is supported, path, note. A handler
// decodes its arguments, checks first, works, and returns a value; only the dispatcher writes x0.
// Handlers that know a better path than their row's (a pipe instead of a file, units) set it in the
// SysCall.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "kernel_model/abi/errno.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/signal/signals.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

// Nothing to do now; entered again when what it waits on wakes, at its deadline, or by a signal.
struct Block {};
struct NoReturn {};  // sys_exit, sys_execve, rt_sigreturn: registers are already as they must be

// What a handler returns: a value for x0, an error, or one of the two above. An error of another
// call propagates by TRY (sim/base/try.h).
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
// Handlers that do nothing: one answers a fixed value, one a fixed error.
template <std::uint64_t kValue>
SysOutcome answer(SysCall&) {
    return kValue;
}
template <Errno kError>
SysOutcome refuse(SysCall&) {
    return kError;
}
enum class Support { Full, Partial, Stub };

struct SyscallRow {
    std::uint32_t number;  // AArch64 (asm-generic)
    std::string_view name;
    SysFn fn;
    Support support;
    KernelPath path;
    std::string_view note;  // needed for Partial and Stub
    // After a signal's handler ran in the middle of the call (signal(7)).
    Interrupted restart = Interrupted::RestartIfAsked;
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
std::span<const SyscallRow> poll_syscalls();
std::span<const SyscallRow> epoll_syscalls();
std::span<const SyscallRow> shm_syscalls();

}  // namespace uprobesim
