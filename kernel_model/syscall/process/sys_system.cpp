// SPDX-License-Identifier: GPL-2.0-or-later
// What changes the whole system: reboot, swapping, accounting. The checks are Linux's; the machine
// goes on, and a namespace of process ids ends.
#include <algorithm>

#include "kernel_model/abi/calls/reboot.h"
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/files/tty/pty.h"
#include "kernel_model/kernel/accounting.h"
#include "kernel_model/syscall/path_argument.h"
#include "kernel_model/syscall/syscall.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

SysOutcome unmodelled(SysCall& call, const char* what, Errno error) {
    call.kernel.counters().note_unmodelled(what, "refused");
    return error;
}

// reboot_pid_ns: it ends process 1 of the namespace, and with it all others.
SysOutcome restart_space(SysCall& call) {
    const std::uint32_t command = call.uint32(2);
    const bool restarts = command == abi::kRebootRestart || command == abi::kRebootRestart2;
    if (!restarts && command != abi::kRebootHalt && command != abi::kRebootPowerOff)
        return Errno::Inval;
    PidNamespace& space = *call.process.pid_space();
    space.rebooted = static_cast<std::int32_t>(restarts ? Signal::Hup : Signal::Int);
    ProcessTable& processes = call.kernel.processes();
    if (Process* const reaper = processes.find(space.reaper))
        call.kernel.signals().send(*reaper, {.signal = Signal::Kill, .code = abi::kSiKernel});
    processes.end_task(call.task, 0);
    return NoReturn{};
}

SysOutcome sys_reboot(SysCall& call) {
    constexpr std::uint32_t kEnds[] = {abi::kRebootRestart,  abi::kRebootHalt,
                                       abi::kRebootPowerOff, abi::kRebootRestart2,
                                       abi::kRebootSuspend,  abi::kRebootKexec};
    const PidNamespace* const space = call.process.pid_space();
    if (!call.capable_in(space != nullptr ? space->owned_by : nullptr, Capability::SysBoot))
        return Errno::Perm;
    if (call.uint32(0) != abi::kRebootMagic ||
        std::ranges::find(abi::kRebootSecondMagic, call.uint32(1)) ==
            std::end(abi::kRebootSecondMagic))
        return Errno::Inval;
    if (space != nullptr) return restart_space(call);
    if (call.uint32(2) == abi::kRebootCadOff || call.uint32(2) == abi::kRebootCadOn) return 0;
    if (std::ranges::find(kEnds, call.uint32(2)) == std::end(kEnds)) return Errno::Inval;
    return unmodelled(call, "reboot", Errno::Inval);
}

// A file that is there has no signature of a swap area, or is in use by none.
SysOutcome on_swap_file(SysCall& call) {
    if (!call.capable(Capability::SysAdmin)) return Errno::Perm;
    const auto path = call.memory().read_string(call.address(0), abi::kPathMax);
    if (!path) return Errno::Fault;
    if (path->size() >= abi::kPathMax) return Errno::NameTooLong;
    // It is opened to write.
    const auto status = TRY(call.kernel.files().status(call.caller(), *path, true));
    return (status.mode & abi::kIfmt) == abi::kIfDir ? Errno::IsDir : Errno::Inval;
}
SysOutcome sys_swapon(SysCall& call) {
    constexpr std::uint32_t kFlags = 0x7ffff;
    if ((call.uint32(1) & ~kFlags) != 0) return Errno::Inval;
    return on_swap_file(call);
}

SysOutcome sys_vhangup(SysCall& call) {
    if (!call.capable(Capability::SysTtyConfig)) return Errno::Perm;
    Terminals& terminals = call.kernel.terminals();
    if (Pty* const own = terminals.of_session(call.process.session)) terminals.hang_up(*own);
    return 0;
}

// acct_on: records go to the end of a regular file, of neither proc nor sysfs.
SysOutcome sys_acct(SysCall& call) {
    if (!call.capable(Capability::SysPacct)) return Errno::Perm;
    Accounting& accounting = call.kernel.accounting();
    if (call.args[0] == 0) {
        accounting.write_to(call.process.pid_space(), nullptr);
        return 0;
    }
    const auto path = TRY(path_argument(call, abi::kAtFdcwd, call.address(0)));
    const auto opened =
        TRY(call.kernel.files().open(path.caller, path.path, abi::kOWronly | abi::kOAppend, 0));
    const auto status = TRY(opened.file->status());
    if ((status.mode & abi::kIfmt) != abi::kIfReg) return Errno::Acces;
    const auto mount = opened.file->dentry ? mount_of(*opened.file->dentry) : nullptr;
    if (mount && (mount->super->type == "proc" || mount->super->type == "sysfs"))
        return Errno::Inval;
    accounting.write_to(call.process.pid_space(), opened.file);
    return 0;
}

constexpr SyscallRow kSystemRows[] = {
    {58, "vhangup", sys_vhangup, Support::Full, KernelPath::SysTrivial, {}},
    {89, "acct", sys_acct, Support::Partial, KernelPath::SysTrivial,
     "no record tells of the superuser's rights", Errno::NoMem},
    {142, "reboot", sys_reboot, Support::Full, KernelPath::SysTrivial, {}},
    {224, "swapon", sys_swapon, Support::Full, KernelPath::SysTrivial, {}},
    {225, "swapoff", on_swap_file, Support::Full, KernelPath::SysTrivial, {}},
};

}  // namespace

std::span<const SyscallRow> system_syscalls() {
    return kSystemRows;
}

}  // namespace uprobesim
