// SPDX-License-Identifier: GPL-2.0-or-later
// clone and clone3: threads, fork, vfork.
#include <algorithm>
#include <span>
#include <vector>

#include "kernel_model/abi/clone.h"
#include "kernel_model/abi/ptrace.h"
#include "kernel_model/kernel/namespaces.h"
#include "kernel_model/syscall/process_fd.h"
#include "kernel_model/syscall/syscall.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

// struct clone_args; later versions only add fields.
struct CloneArgs {
    std::uint64_t flags = 0, pidfd = 0, child_tid = 0, parent_tid = 0, exit_signal = 0, stack = 0,
                  stack_size = 0, tls = 0;        // version 0
    std::uint64_t set_tid = 0, set_tid_size = 0;  // version 1
    std::uint64_t cgroup = 0;                     // version 2
};
constexpr std::uint64_t kFirstVersion = 64, kMaxCloneArgs = kPageSize;
constexpr std::uint64_t kMaxPidLevels = 32;  // MAX_PID_NS_LEVEL

// copy_process.
std::optional<Errno> wrong_with(const Process& parent, const CloneRequest& request) {
    const std::uint64_t flags = request.flags;
    const auto has = [&](std::uint64_t bits) { return (flags & bits) == bits; };
    if (has(kCloneNewns | kCloneFs) || has(kCloneNewuser | kCloneFs)) return Errno::Inval;
    if (has(kCloneThread) && !has(kCloneSighand)) return Errno::Inval;
    if (has(kCloneSighand) && !has(kCloneVm)) return Errno::Inval;
    if (has(kCloneSighand | kCloneClearSighand)) return Errno::Inval;
    // Those of process 1 would have a parent that does not wait for them.
    if (has(kCloneParent) && (parent.unkillable || parent.is_init())) return Errno::Inval;
    const auto& of_children = parent.space(NamespaceKind::Pid);
    if (has(kCloneThread) &&
        ((flags & (kCloneNewuser | kCloneNewpid)) != 0 || of_children.get() != parent.pid_space()))
        return Errno::Inval;
    if (has(kClonePidfd | kCloneDetached)) return Errno::Inval;
    constexpr std::uint64_t kIpc = kCloneNewipc | kCloneSysvsem;
    if (has(kIpc)) return Errno::Inval;
    return std::nullopt;
}

void note_what_is_not_shared(SysCall& call, std::uint64_t flags) {
    if ((flags & kCloneThread) != 0) {
        if ((flags & kCloneNamespaces) != 0)
            call.kernel.counters().note_unmodelled("a thread with namespaces of its own",
                                                   "it has those of its process");
        return;
    }
    if ((flags & (kCloneVm | kCloneVfork)) == kCloneVm)
        call.kernel.counters().note_unmodelled(
            "clone with CLONE_VM", "a process in the memory of another one that goes on");
}

// vfork: the parent continues after the child's execve or exit.
SysOutcome vfork_wait(SysCall& call) {
    Process* child = call.kernel.processes().find(call.task.vfork_child.first);
    if (child == nullptr || !child->vforked) {
        const std::int32_t number = call.task.vfork_child.in(call.process.pid_space());
        if (call.kernel.tracing().wants(call.task, kPtraceEventVforkDone))
            call.kernel.tracing().ask(
                call.task, kPtraceEventVforkDone,
                call.kernel.tracing().number_for_tracer(call.task, call.task.vfork_child));
        return number;
    }
    call.task.waits_killable = true;
    call.wait_on(&child->vfork_done);
    return Block{};
}

SysOutcome clone_task(SysCall& call, CloneRequest request, VAddr pidfd) {
    if (const auto wrong = wrong_with(call.process, request)) return *wrong;
    TRY(may_make_namespaces(call.kernel, call.task, request.flags));
    const bool with_fd = (request.flags & kClonePidfd) != 0;
    if (with_fd && (request.flags & kCloneThread) != 0) return Errno::Inval;
    if (with_fd && !call.memory().put(pidfd, std::int32_t{0})) return Errno::Fault;
    note_what_is_not_shared(call, request.flags);
    const bool new_pids = (request.flags & kCloneNewpid) != 0;
    if (new_pids) request.pid_space = make_pid_space(call.kernel, call.process);
    request.wish.allowed = [&call, made = request.pid_space.get()](const PidNamespace* space) {
        // Who makes a namespace may do anything in it.
        return (space != nullptr && space == made) || call.kernel.may_choose_ids(space);
    };
    const auto child = TRY(call.kernel.processes().clone(call.task, request));
    const Pid id = child->pid();
    if (child->process != &call.process)
        make_namespaces(call.kernel, *child, request.flags & ~kCloneNewpid);
    // timens_on_fork: with CLONE_VM the vDSO is the parent's.
    if (child->process != &call.process && (request.flags & kCloneVm) == 0)
        call.kernel.processes().enter_time_space(
            *child->process, ProcessTable::time_space_of_children(*child->process));
    if (new_pids) request.pid_space->owned_by = child->cred->space;
    if (with_fd) {
        const SysOutcome fd = add_process_fd(call, id.first, 0);
        const auto* number = std::get_if<std::uint64_t>(&fd);
        // A full table is found after the child is there, which fork's own order excludes.
        const std::int32_t shown = number != nullptr ? static_cast<std::int32_t>(*number) : -1;
        static_cast<void>(call.memory().put(pidfd, shown));
    }
    if ((request.flags & kCloneVfork) == 0) return call.number_of(id);
    call.task.vfork_child = id;
    return vfork_wait(call);
}

SysOutcome sys_clone(SysCall& call) {
    if (call.task.vfork_child.first != 0) return vfork_wait(call);
    const std::uint64_t flags = call.uint32(0);
    // The id and the descriptor would go to the same place.
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

// copy_clone_args_from_user: the structure, of whichever version.
SysResult<CloneArgs> read_clone_args(SysCall& call) {
    const std::uint64_t size = call.args[1];
    if (size > kMaxCloneArgs) return tl::make_unexpected(Errno::TooBig);
    if (size < kFirstVersion) return tl::make_unexpected(Errno::Inval);
    UserMemory memory = call.memory();
    CloneArgs args;
    const auto known = std::as_writable_bytes(std::span(&args, 1));
    const std::uint64_t taken = std::min<std::uint64_t>(size, sizeof args);
    for (std::uint64_t at = taken; at < size; ++at) {
        const auto later = memory.get<std::uint8_t>(call.address(0) + at);
        if (!later) return tl::make_unexpected(Errno::Fault);
        if (*later != 0) return tl::make_unexpected(Errno::TooBig);
    }
    if (!memory.read(call.address(0), known.first(taken))) return tl::make_unexpected(Errno::Fault);
    return args;
}

// clone3_args_valid.
bool valid(const CloneArgs& args) {
    constexpr std::uint64_t kKnown =
        0xffffffff | kCloneClearSighand | kCloneIntoCgroup;  // clone's, and clone3's own
    if ((args.flags & ~kKnown) != 0) return false;
    if ((args.flags & (kCloneDetached | (kCloneSignalMask & ~kCloneNewtime))) != 0) return false;
    if ((args.flags & kCloneIntoCgroup) != 0) return false;  // no control groups
    if ((args.flags & (kCloneThread | kCloneParent)) != 0 && args.exit_signal != 0) return false;
    if ((args.stack == 0) != (args.stack_size == 0)) return false;
    const std::uint64_t room = Mm::kTaskSize.value;
    return args.stack_size <= room && args.stack <= room - args.stack_size;
}

// The numbers that the caller wants, that in the deepest namespace first.
SysResult<std::vector<std::int32_t>> wished_numbers(SysCall& call, const CloneArgs& args) {
    if (args.set_tid_size > kMaxPidLevels || (args.set_tid == 0) != (args.set_tid_size == 0))
        return tl::make_unexpected(Errno::Inval);
    std::vector<std::int32_t> numbers(args.set_tid_size);
    if (!call.memory().read(VAddr(args.set_tid), std::as_writable_bytes(std::span(numbers))))
        return tl::make_unexpected(Errno::Fault);
    return numbers;
}

SysOutcome sys_clone3(SysCall& call) {
    if (call.task.vfork_child.first != 0) return vfork_wait(call);
    const CloneArgs args = TRY(read_clone_args(call));
    if (args.exit_signal > static_cast<std::uint64_t>(kSignalCount)) return Errno::Inval;
    const auto numbers = TRY(wished_numbers(call, args));
    if (!valid(args)) return Errno::Inval;
    constexpr std::uint64_t kBoth = kClonePidfd | kCloneParentSettid;
    if ((args.flags & kBoth) == kBoth && args.pidfd == args.parent_tid) return Errno::Inval;
    return clone_task(call,
                      {.flags = args.flags,
                       .exit_signal = static_cast<std::int32_t>(args.exit_signal),
                       .stack = VAddr(args.stack == 0 ? 0 : args.stack + args.stack_size),
                       .tls = VAddr(args.tls),
                       .parent_tid = VAddr(args.parent_tid),
                       .child_tid = VAddr(args.child_tid),
                       .wish = {.numbers = numbers}},
                      VAddr(args.pidfd));
}

SysOutcome sys_set_tid_address(SysCall& call) {
    call.task.clear_child_tid = call.address(0);
    return call.task.pid().own();
}

// What it takes is charged by ProcessTable::clone, by kind.
constexpr SyscallRow kCloneRows[] = {
    {96, "set_tid_address", sys_set_tid_address, Support::Full, KernelPath::SysPrctl, {}},
    {220, "clone", sys_clone, Support::Full, KernelPath::SysTrivial, {}},
    {435, "clone3", sys_clone3, Support::Full, KernelPath::SysTrivial, {}},
};

}  // namespace

std::span<const SyscallRow> clone_syscalls() {
    return kCloneRows;
}

}  // namespace uprobesim
