// SPDX-License-Identifier: GPL-2.0-or-later
// userfaultfd, and its device.
#include "kernel_model/abi/calls/userfault.h"
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/event/userfault_file.h"
#include "kernel_model/syscall/userfault.h"

namespace uprobesim {

namespace {

using namespace abi;

SysOutcome sys_userfaultfd(SysCall& call) {
    const std::uint32_t flags = call.uint32(0);
    if ((flags & kUffdUserModeOnly) == 0 && !call.capable(Capability::SysPtrace) &&
        call.kernel.sysctls().number("vm/unprivileged_userfaultfd") == 0)
        return Errno::Perm;
    return new_userfault(call, flags);
}

constexpr SyscallRow kUserfaultRows[] = {
    {282, "userfaultfd", sys_userfaultfd, Support::Partial, KernelPath::SysEventfd,
     "private anonymous memory; no events but faults, no minor faults", Errno::NoMem},
};

}  // namespace

SysOutcome new_userfault(SysCall& call, std::uint32_t flags) {
    if ((flags & ~(kOCloexec | kONonblock | kUffdUserModeOnly)) != 0) return Errno::Inval;
    auto watch = std::make_shared<Userfault>(&call.kernel.machine().memory,
                                             (flags & kUffdUserModeOnly) != 0);
    watch->number_of = [&kernel = call.kernel](TaskId task) {
        const Task* const reader = kernel.current();
        return kernel.processes().ids().inside(
            reader != nullptr ? reader->process->pid_space() : nullptr, task.value);
    };
    auto file = std::make_shared<UserfaultFile>(std::move(watch), call.process.mm,
                                                kORdonly | (flags & kONonblock));
    const auto fd = call.process.files.add(std::move(file), (flags & kOCloexec) != 0);
    return fd ? SysOutcome(*fd) : SysOutcome(fd.error());
}

std::span<const SyscallRow> userfault_syscalls() {
    return kUserfaultRows;
}

}  // namespace uprobesim
