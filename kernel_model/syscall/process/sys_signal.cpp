// SPDX-License-Identifier: GPL-2.0-or-later
// Signals: actions, masks, stacks, sending, waiting.
#include <algorithm>

#include "kernel_model/abi/signal.h"
#include "kernel_model/signal/signals.h"
#include "kernel_model/signal/signals_frame.h"
#include "kernel_model/syscall/process/named_process.h"
#include "kernel_model/syscall/signal_rights.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

SysOutcome sys_rt_sigaction(SysCall& call) {
    const std::int32_t signal = call.int32(0);
    if (call.args[3] != abi::kSigsetSize) return Errno::Inval;
    UserMemory memory = call.memory();
    std::optional<abi::SigAction> wanted;
    if (call.args[1] != 0) {
        wanted = memory.get<abi::SigAction>(call.address(1));
        if (!wanted) return Errno::Fault;
    }
    if (!is_signal(signal)) return Errno::Inval;
    if (wanted && (signal_bit(static_cast<Signal>(signal)) & kUnblockable) != 0)
        return Errno::Inval;
    SignalAction& action = call.process.actions[static_cast<std::size_t>(signal)];
    const SignalAction old = action;
    if (wanted) {
        action = {wanted->handler, wanted->flags & abi::kSaKnown, wanted->restorer,
                  wanted->mask & ~kUnblockable};
        // A pending signal that is now ignored goes (POSIX 3.3.1.3).
        const DefaultAction usual = default_action(static_cast<Signal>(signal));
        const bool dropped = action.handler == abi::kSigIgn ||
                             (action.handler == abi::kSigDfl &&
                              (usual == DefaultAction::Ignore || usual == DefaultAction::Continue));
        if (dropped) {
            const std::uint64_t same = signal_bit(static_cast<Signal>(signal));
            call.process.pending.drop(same);
            for (const auto& [id, task] : call.process.tasks) {
                task->pending.drop(same);
                call.kernel.signals().recalculate(*task);
            }
        }
    }
    if (call.args[2] != 0 && !memory.put(call.address(2), abi::SigAction{old.handler, old.flags,
                                                                         old.restorer, old.mask})) {
        return Errno::Fault;
    }
    return 0;
}

SysOutcome sys_rt_sigprocmask(SysCall& call) {
    if (call.args[3] != abi::kSigsetSize) return Errno::Inval;
    UserMemory memory = call.memory();
    const std::uint64_t old = call.task.sigmask;
    if (call.args[1] != 0) {
        const auto set = memory.get<std::uint64_t>(call.address(1));
        if (!set) return Errno::Fault;
        switch (call.int32(0)) {
            case abi::kSigBlock: call.task.sigmask = old | *set; break;
            case abi::kSigUnblock: call.task.sigmask = old & ~*set; break;
            case abi::kSigSetmask: call.task.sigmask = *set; break;
            default: return Errno::Inval;
        }
        call.task.sigmask &= ~kUnblockable;
        call.kernel.signals().recalculate(call.task);
    }
    if (call.args[2] != 0 && !memory.put(call.address(2), old)) return Errno::Fault;
    return 0;
}

SysOutcome sys_rt_sigpending(SysCall& call) {
    if (call.args[1] > abi::kSigsetSize) return Errno::Inval;
    const std::uint64_t set =
        (call.task.pending.set() | call.process.pending.set()) & call.task.sigmask;
    const auto bytes =
        std::as_bytes(std::span<const std::uint64_t, 1>(&set, 1)).first(call.args[1]);
    if (!call.memory().write(call.address(0), bytes)) return Errno::Fault;
    return 0;
}

SysOutcome sys_rt_sigsuspend(SysCall& call) {
    if (call.args[1] != abi::kSigsetSize) return Errno::Inval;
    if (call.task.restore_sigmask)
        return Block{Interrupted::RestartNoHand};  // entered again: the mask is in place
    const auto set = call.memory().get<std::uint64_t>(call.address(0));
    if (!set) return Errno::Fault;
    call.task.saved_sigmask = call.task.sigmask;
    call.task.restore_sigmask = true;
    call.task.sigmask = *set & ~kUnblockable;
    call.kernel.signals().recalculate(call.task);
    return Block{Interrupted::RestartNoHand};
}

// Waits with the set blocked, so a signal of it that arrives stays pending until it is found here.
SysOutcome sys_rt_sigtimedwait(SysCall& call) {
    if (call.args[3] != abi::kSigsetSize) return Errno::Inval;
    UserMemory memory = call.memory();
    const auto set = memory.get<std::uint64_t>(call.address(0));
    if (!set) return Errno::Fault;
    std::optional<std::uint64_t> timeout;
    if (call.args[2] != 0) {
        const auto given = TRY(read_duration(memory, call.address(2)));
        timeout = given;
    }
    if (const auto info = call.kernel.signals().take(call.task, *set & ~kUnblockable)) {
        // As it was sent: a handler alone may not see tags of addresses.
        if (call.args[1] != 0 &&
            !memory.put(call.address(1), siginfo_of(*info, abi::kSaExposeTagBits)))
            return Errno::Fault;
        return static_cast<std::uint64_t>(info->signal);
    }
    if (call.task.tif_sigpending) return Errno::Intr;
    if (timeout && deadline_passed(call, *timeout)) return Errno::Again;
    return Block{Interrupted::Intr};
}

// Where there is a call to go on with, the dispatcher does.
SysOutcome sys_restart_syscall(SysCall&) {
    return Errno::Intr;
}

SysOutcome sys_rt_sigreturn(SysCall& call) {
    call.task.restarted.reset();
    if (!pop_signal_frame(call.kernel, call.task)) {
        const std::uint64_t sp = call.kernel.machine().cpu->read(call.task.context, Reg::Sp);
        const bool mapped = call.process.mm->find(VAddr(sp)) != nullptr;
        call.kernel.signals().force(call.task,
                                    {.signal = Signal::Segv,
                                     .code = mapped ? abi::kSegvAccerr : abi::kSegvMaperr,
                                     .address = sp});
    }
    return NoReturn{};
}

SysOutcome sys_sigaltstack(SysCall& call) {
    UserMemory memory = call.memory();
    AltStack& stack = call.task.altstack;
    const std::uint64_t sp = call.kernel.machine().cpu->read(call.task.context, Reg::Sp);
    const bool in_use = on_altstack(stack, sp);
    abi::SigStack old{stack.sp.value, stack.flags, 0, stack.size};
    if (in_use) old.flags |= abi::kSsOnstack;
    if (call.args[0] != 0) {
        const auto wanted = memory.get<abi::SigStack>(call.address(0));
        if (!wanted) return Errno::Fault;
        if (in_use) return Errno::Perm;
        const std::uint32_t mode = wanted->flags & ~abi::kSsAutodisarm;
        if (mode != 0 && mode != abi::kSsDisable && mode != abi::kSsOnstack) return Errno::Inval;
        if (mode == abi::kSsDisable) {
            stack = {.sp = VAddr(0), .size = 0, .flags = wanted->flags};
        } else {
            if (wanted->size < abi::kMinsigstksz) return Errno::NoMem;
            stack = {.sp = VAddr(wanted->sp),
                     .size = wanted->size,
                     .flags = wanted->flags & abi::kSsAutodisarm};
        }
    }
    if (call.args[1] != 0 && !memory.put(call.address(1), old)) return Errno::Fault;
    return 0;
}

SignalInfo from_sender(SysCall& call, std::int32_t signal, std::int32_t code) {
    return {.signal = static_cast<Signal>(signal),
            .code = code,
            .pid = call.process.id().own(),
            .uid = call.cred().uid.real};
}

// `number`: kill's first argument, which is not one process's.
bool addressed(const SysCall& call, const Process& target, std::int32_t number) {
    constexpr std::int32_t kFirst = 1;  // process 1 of the caller's namespace
    if (number == -1) return &target != &call.process && call.number_of(target.id()) > kFirst;
    return target.group == call.group_of(-number);
}

SysOutcome sys_kill(SysCall& call) {
    const std::int32_t pid = call.int32(0), signal = call.int32(1);
    if (pid == INT32_MIN) return Errno::Srch;
    // check_kill_permission: of a process that is there.
    const bool valid = signal == 0 || is_signal(signal);
    bool found = false, allowed = false;
    const auto send_to = [&](Process& process) {
        found = true;  // a zombie is found, and takes nothing
        if (!valid || !may_signal(call, process, signal)) return;
        allowed = true;
        // kill's signal is sent without its data where there is no room.
        if (signal != 0)
            call.kernel.signals().send(process, from_sender(call, signal, abi::kSiUser));
    };
    if (pid > 0) {
        if (Process* const process = named_process(call, pid)) send_to(*process);
    } else {
        for (const auto& [id, process] : call.kernel.processes().all()) {
            if (addressed(call, *process, pid)) send_to(*process);
        }
    }
    if (!found) return Errno::Srch;
    if (!valid) return Errno::Inval;
    // With -1 those that may not be signalled are as if they were not there.
    return allowed || pid == -1 ? SysOutcome(0) : SysOutcome(Errno::Perm);
}

// do_send_specific: a process that has ended is found until it is waited for, and takes nothing.
bool is_zombie(const SysCall& call, std::int32_t group, std::int32_t tid) {
    return (group <= 0 || group == tid) && call.find_any_process(tid) != nullptr;
}

SysOutcome send_to_task(SysCall& call, std::int32_t group, std::int32_t tid, std::int32_t signal,
                        const SignalInfo& info) {
    Task* task = call.find_task(tid);
    if (task == nullptr && is_zombie(call, group, tid))
        return signal == 0 || is_signal(signal) ? SysOutcome(0) : SysOutcome(Errno::Inval);
    if (task == nullptr || (group > 0 && call.id_of(group) != task->process->pid))
        return Errno::Srch;
    if (signal != 0 && !is_signal(signal)) return Errno::Inval;
    if (!may_signal(call, *task->process, *task->cred, signal)) return Errno::Perm;
    if (signal != 0 && call.kernel.signals().send(*task, info) == Sending::NoRoom)
        return Errno::Again;
    return 0;
}

SysOutcome sys_tkill(SysCall& call) {
    if (call.int32(0) <= 0) return Errno::Inval;
    return send_to_task(call, 0, call.int32(0), call.int32(1),
                        from_sender(call, call.int32(1), abi::kSiTkill));
}

SysOutcome sys_tgkill(SysCall& call) {
    if (call.int32(0) <= 0 || call.int32(1) <= 0) return Errno::Inval;
    return send_to_task(call, call.int32(0), call.int32(1), call.int32(2),
                        from_sender(call, call.int32(2), abi::kSiTkill));
}

// `group` 0: to the process `tid`.
SysOutcome queue_info(SysCall& call, std::int32_t group, std::int32_t tid, std::int32_t signal,
                      VAddr at) {
    const auto bytes = call.memory().get<abi::SigInfo>(at);
    if (!bytes) return Errno::Fault;
    // A process may send these codes only to itself.
    if ((bytes->code >= 0 || bytes->code == abi::kSiTkill) && tid != call.task.pid().own())
        return Errno::Perm;
    const auto claimed = static_cast<std::uint32_t>(bytes->fields[0] >> 32);
    const UserSpace& space = call.cred().space;
    const SignalInfo info{.signal = static_cast<Signal>(signal),
                          .code = bytes->code,
                          .pid = static_cast<std::int32_t>(bytes->fields[0]),
                          .uid = space ? user_outside(space, claimed).value_or(kNoId) : claimed,
                          .value = bytes->fields[1]};
    if (group > 0) return send_to_task(call, group, tid, signal, info);
    // Any task of a process stands for it.
    Process* const process = named_process(call, tid);
    if (process == nullptr) return Errno::Srch;
    if (signal != 0 && !is_signal(signal)) return Errno::Inval;
    if (!may_signal(call, *process, signal)) return Errno::Perm;
    if (signal == 0) return 0;
    if (call.kernel.signals().send(*process, info) == Sending::NoRoom) return Errno::Again;
    return 0;
}

SysOutcome sys_rt_sigqueueinfo(SysCall& call) {
    return queue_info(call, 0, call.int32(0), call.int32(1), call.address(2));
}
SysOutcome sys_rt_tgsigqueueinfo(SysCall& call) {
    if (call.int32(0) <= 0 || call.int32(1) <= 0) return Errno::Inval;
    return queue_info(call, call.int32(0), call.int32(1), call.int32(2), call.address(3));
}

constexpr SyscallRow kSignalRows[] = {
    {128, "restart_syscall", sys_restart_syscall, Support::Full, KernelPath::SysSigaction, {}},
    {129, "kill", sys_kill, Support::Full, KernelPath::SysKill, {}},
    {130, "tkill", sys_tkill, Support::Full, KernelPath::SysKill, {}},
    {131, "tgkill", sys_tgkill, Support::Full, KernelPath::SysKill, {}},
    {132, "sigaltstack", sys_sigaltstack, Support::Full, KernelPath::SysSigaction, {}},
    {133, "rt_sigsuspend", sys_rt_sigsuspend, Support::Full, KernelPath::SysNanosleep, {}},
    {134, "rt_sigaction", sys_rt_sigaction, Support::Full, KernelPath::SysSigaction, {}},
    {135, "rt_sigprocmask", sys_rt_sigprocmask, Support::Full, KernelPath::SysSigprocmask, {}},
    {136, "rt_sigpending", sys_rt_sigpending, Support::Full, KernelPath::SysSigprocmask, {}},
    {137, "rt_sigtimedwait", sys_rt_sigtimedwait, Support::Full, KernelPath::SysNanosleep, {}},
    {138,
     "rt_sigqueueinfo",
     sys_rt_sigqueueinfo,
     Support::Full,
     KernelPath::SysKill,
     {},
     Errno::Again},
    {139, "rt_sigreturn", sys_rt_sigreturn, Support::Full, KernelPath::SignalReturn, {}},
    {240,
     "rt_tgsigqueueinfo",
     sys_rt_tgsigqueueinfo,
     Support::Full,
     KernelPath::SysKill,
     {},
     Errno::Again},
};

}  // namespace

std::span<const SyscallRow> signal_syscalls() {
    return kSignalRows;
}

}  // namespace uprobesim
