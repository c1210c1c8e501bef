// SPDX-License-Identifier: GPL-2.0-or-later
// clone and clone3: threads, fork, vfork.
#include "kernel_model/abi/clone.h"
#include "kernel_model/abi/ptrace.h"
#include "kernel_model/syscall/process_fd.h"
#include "kernel_model/syscall/syscall.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

// struct clone_args, version 0; later versions only add fields.
struct CloneArgs {
    std::uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};
constexpr std::uint64_t kMaxCloneArgs = kPageSize;

std::optional<Errno> wrong_with(const CloneRequest& request) {
    const std::uint64_t flags = request.flags;
    const auto has = [&](std::uint64_t bits) { return (flags & bits) == bits; };
    if (has(kCloneThread) && !has(kCloneSighand)) return Errno::Inval;
    if (has(kCloneSighand) && !has(kCloneVm)) return Errno::Inval;
    if (has(kCloneSighand | kCloneClearSighand)) return Errno::Inval;
    if (request.exit_signal < 0 || request.exit_signal > kSignalCount) return Errno::Inval;
    if ((flags & kCloneNamespaces) != 0) return Errno::Perm;
    return std::nullopt;
}

void note_what_is_not_shared(SysCall& call, std::uint64_t flags) {
    if ((flags & kCloneThread) != 0) return;
    if ((flags & (kCloneFiles | kCloneSighand)) != 0 ||
        (flags & (kCloneFs | kCloneVfork)) == kCloneFs)
        call.kernel.counters().note_unmodelled(
            "clone", "descriptors, folders and signal actions are shared by threads only");
    if ((flags & (kCloneVm | kCloneVfork)) == kCloneVm)
        call.kernel.counters().note_unmodelled(
            "clone with CLONE_VM", "a process in the memory of another one that goes on");
}

// vfork: the parent continues after the child's execve or exit.
SysOutcome vfork_wait(SysCall& call) {
    Process* child = call.kernel.processes().find(call.task.vfork_child);
    if (child == nullptr || !child->vforked) {
        if (call.kernel.tracing().wants(call.task, kPtraceEventVforkDone))
            call.kernel.tracing().ask(call.task, kPtraceEventVforkDone,
                                      static_cast<std::uint64_t>(call.task.vfork_child));
        return static_cast<std::uint64_t>(call.task.vfork_child);
    }
    call.task.waits_killable = true;
    call.wait_on(&child->vfork_done);
    return Block{};
}

SysOutcome clone_task(SysCall& call, const CloneRequest& request, VAddr pidfd) {
    if (const auto wrong = wrong_with(request)) return *wrong;
    const bool with_fd = (request.flags & kClonePidfd) != 0;
    // The parent's copy of the id and the descriptor would go to the same place; threads have no
    // descriptors.
    if (with_fd && (request.flags & (kCloneThread | kCloneDetached)) != 0) return Errno::Inval;
    if (with_fd && !call.memory().put(pidfd, std::int32_t{0})) return Errno::Fault;
    note_what_is_not_shared(call, request.flags);
    const auto child = TRY(call.kernel.processes().clone(call.task, request));
    const TaskId id = child->id;
    if (with_fd) {
        const SysOutcome fd = add_process_fd(call, id.value, 0);
        const auto* number = std::get_if<std::uint64_t>(&fd);
        // A full table is found after the child is there, which fork's own order excludes.
        const std::int32_t shown = number != nullptr ? static_cast<std::int32_t>(*number) : -1;
        static_cast<void>(call.memory().put(pidfd, shown));
    }
    if ((request.flags & kCloneVfork) == 0) return static_cast<std::uint64_t>(id.value);
    call.task.vfork_child = id.value;
    return vfork_wait(call);
}

SysOutcome sys_clone(SysCall& call) {
    if (call.task.vfork_child != 0) return vfork_wait(call);
    const std::uint64_t flags = call.uint32(0);
    if ((flags & (kClonePidfd | kCloneParentSettid)) == (kClonePidfd | kCloneParentSettid))
        return Errno::Inval;
    return clone_task(call,
                      {.flags = flags & ~kCloneSignalMask,
                       .exit_signal = static_cast<std::int32_t>(flags & kCloneSignalMask),
                       .stack = call.address(1),
                       .tls = call.address(3),
                       .parent_tid = call.address(2),
                       .child_tid = call.address(4)},
                      call.address(2));
}

SysOutcome sys_clone3(SysCall& call) {
    if (call.task.vfork_child != 0) return vfork_wait(call);
    const std::uint64_t size = call.args[1];
    if (size > kMaxCloneArgs) return Errno::TooBig;
    if (size < sizeof(CloneArgs)) return Errno::Inval;
    UserMemory memory = call.memory();
    const auto args = memory.get<CloneArgs>(call.address(0));
    if (!args) return Errno::Fault;
    for (std::uint64_t at = sizeof(CloneArgs); at + 8 <= size; at += 8) {
        // set_tid, its size, cgroup.
        const auto later = memory.get<std::uint64_t>(call.address(0) + at);
        if (!later) return Errno::Fault;
        if (*later != 0) return at < 88 ? Errno::Inval : Errno::TooBig;
    }
    if ((args->flags & (kCloneSignalMask & ~kCloneNewtime)) != 0) return Errno::Inval;
    if ((args->flags & (kCloneDetached | kCloneIntoCgroup)) != 0) return Errno::Inval;
    if ((args->flags & kCloneNewtime) != 0) return Errno::Perm;
    if ((args->stack == 0) != (args->stack_size == 0)) return Errno::Inval;
    if ((args->flags & (kCloneThread | kCloneParent)) != 0 && args->exit_signal != 0)
        return Errno::Inval;
    return clone_task(call,
                      {.flags = args->flags,
                       .exit_signal = static_cast<std::int32_t>(args->exit_signal),
                       .stack = VAddr(args->stack == 0 ? 0 : args->stack + args->stack_size),
                       .tls = VAddr(args->tls),
                       .parent_tid = VAddr(args->parent_tid),
                       .child_tid = VAddr(args->child_tid)},
                      VAddr(args->pidfd));
}

SysOutcome sys_set_tid_address(SysCall& call) {
    call.task.clear_child_tid = call.address(0);
    return static_cast<std::uint64_t>(call.task.id.value);
}

// What it takes is charged by ProcessTable::clone, by kind.
constexpr SyscallRow kRows[] = {
    {96, "set_tid_address", sys_set_tid_address, Support::Full, KernelPath::SysPrctl, {}},
    {220, "clone", sys_clone, Support::Full, KernelPath::SysTrivial, {}},
    {435, "clone3", sys_clone3, Support::Full, KernelPath::SysTrivial, {}},
};

}  // namespace

std::span<const SyscallRow> clone_syscalls() {
    return kRows;
}

}  // namespace uprobesim
