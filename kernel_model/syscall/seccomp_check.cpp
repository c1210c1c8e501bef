// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/seccomp_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/kernel/kernel.h"

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::uint32_t kMaxErrno = 4095;
// What strict mode leaves: read, write, exit, rt_sigreturn.
constexpr std::uint32_t kStrictCalls[] = {63, 64, 93, 139};

void answer(Kernel& kernel, Task& task, std::uint32_t error) {
    kernel.machine().cpu->write(task.context, Reg::X0, 0 - std::uint64_t{error});
}

void end_process(Kernel& kernel, Task& task, Signal signal, std::uint32_t number) {
    kernel.processes().end_process(
        *task.process, ExitKind::Signalled, static_cast<int>(signal),
        fmt::format("{} by seccomp, in system call {}", signal_name(static_cast<int>(signal)),
                    static_cast<std::int32_t>(number)));
}

bool is_last(const Task& task) {
    return std::ranges::none_of(task.process->tasks, [&](const auto& entry) {
        return entry.second.get() != &task && entry.second->state != TaskState::Dead;
    });
}

void end_task(Kernel& kernel, Task& task, Signal signal, std::uint32_t number) {
    if (is_last(task)) return end_process(kernel, task, signal, number);
    kernel.processes().end_task(task, 0);
}

}  // namespace

bool seccomp_permits(Kernel& kernel, Task& task, std::uint32_t number,
                     const std::array<std::uint64_t, 6>& args) {
    if (task.seccomp.mode == kSeccompModeStrict) {
        kernel.gate().spend(task, KernelPath::Seccomp);
        if (std::ranges::find(kStrictCalls, number) != std::end(kStrictCalls)) return true;
        end_task(kernel, task, Signal::Kill, number);
        return false;
    }
    const std::uint64_t pc = kernel.machine().cpu->read(task.context, Reg::Pc);
    std::uint64_t executed = 0;
    const std::uint32_t verdict = task.seccomp.verdict(
        {.number = static_cast<std::int32_t>(number), .instruction = pc, .args = args}, executed);
    kernel.gate().spend(task, KernelPath::Seccomp, executed);
    const std::uint32_t data = verdict & kSeccompRetData;
    switch (verdict & kSeccompRetAction) {
        case kSeccompRetAllow:
        case kSeccompRetLog: return true;
        case kSeccompRetErrno: answer(kernel, task, std::min(data, kMaxErrno)); return false;
        // Nobody traces or listens.
        case kSeccompRetTrace:
        case kSeccompRetUserNotif:
            answer(kernel, task, static_cast<std::uint32_t>(Errno::NoSys));
            return false;
        case kSeccompRetTrap:
            kernel.signals().force(task, {.signal = Signal::Sys,
                                          .code = kSysSeccomp,
                                          .address = pc,
                                          .status = static_cast<std::int32_t>(data),
                                          .value = number});
            return false;
        case kSeccompRetKillThread: end_task(kernel, task, Signal::Sys, number); return false;
        default: end_process(kernel, task, Signal::Sys, number); return false;
    }
}

}  // namespace uprobesim
