// SPDX-License-Identifier: GPL-2.0-or-later
// Scheduling: affinity, nice values, barriers. Policies are in sys_policy.
#include <algorithm>
#include <bit>
#include <optional>
#include <vector>

#include "kernel_model/abi/clock.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/abi/sched.h"
#include "kernel_model/signal/rseq.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMaskSize = 8;

std::uint64_t present_cpus(SysCall& call) {
    return ~std::uint64_t{0} >> (64 - call.kernel.scheduler().cpus().size());
}

SysOutcome sys_sched_getaffinity(SysCall& call) {
    if (call.args[1] < kMaskSize || call.args[1] % kMaskSize != 0) return Errno::Inval;
    const Task* task = call.task_of(call.int32(0));
    if (task == nullptr) return Errno::Srch;
    if (!call.memory().put(call.address(2), task->affinity & present_cpus(call)))
        return Errno::Fault;
    return kMaskSize;
}

SysOutcome sys_sched_setaffinity(SysCall& call) {
    std::array<std::byte, kMaskSize> bytes{};
    const auto given = std::span(bytes).first(std::min(call.args[1], kMaskSize));
    if (!call.memory().read(call.address(2), given)) return Errno::Fault;
    Task* task = call.task_of(call.int32(0));
    if (task == nullptr) return Errno::Srch;
    if (!call.owns(*task) && !call.capable_in(task->cred->space, Capability::SysNice))
        return Errno::Perm;
    const std::uint64_t mask = std::bit_cast<std::uint64_t>(bytes) & present_cpus(call);
    if (mask == 0) return Errno::Inval;
    task->affinity = mask;
    call.kernel.scheduler().move_if_needed(*task);
    // A task that sent itself away goes on on a CPU of the mask.
    if (task == &call.task && (mask >> task->cpu & 1) == 0)
        call.kernel.scheduler().yield(call.task);
    return 0;
}

SysOutcome sys_getcpu(SysCall& call) {
    UserMemory memory = call.memory();
    const std::uint32_t cpu = call.task.cpu;
    if (call.args[0] != 0 && !memory.put(call.address(0), cpu)) return Errno::Fault;
    if (call.args[1] != 0 && !memory.put(call.address(1), std::uint32_t{0})) return Errno::Fault;
    return 0;
}

SysOutcome sys_sched_yield(SysCall& call) {
    call.kernel.scheduler().yield(call.task);
    return 0;
}

// The tasks that the arguments `which` and `who` of getpriority and setpriority select.
std::vector<Task*> meant(SysCall& call) {
    std::vector<Task*> found;
    if (call.int32(0) == abi::kPrioProcess) {
        Task* const task = call.task_of(call.int32(1));
        if (task != nullptr) found.push_back(task);
        return found;
    }
    const std::int32_t group = call.group_of(call.int32(1));
    const auto user = call.uint32(1) == 0 ? std::optional(call.cred().uid.real)
                                          : user_outside(call.cred().space, call.uint32(1));
    for (const auto& [pid, process] : call.kernel.processes().all()) {
        if (call.int32(0) == abi::kPrioPgrp ? process->group != group
                                            : process->cred->uid.real != user)
            continue;
        for (const auto& [id, task] : process->tasks) found.push_back(task.get());
    }
    return found;
}

// The highest priority among them, as 20 - nice.
SysOutcome sys_getpriority(SysCall& call) {
    if (call.int32(0) < abi::kPrioProcess || call.int32(0) > abi::kPrioUser) return Errno::Inval;
    const std::vector<Task*> tasks = meant(call);
    if (tasks.empty()) return Errno::Srch;
    const Task* const first = *std::ranges::min_element(tasks, {}, &Task::nice);
    return static_cast<std::uint64_t>(20 - first->nice);
}

SysOutcome sys_setpriority(SysCall& call) {
    if (call.int32(0) < abi::kPrioProcess || call.int32(0) > abi::kPrioUser) return Errno::Inval;
    const std::int32_t nice = std::clamp(call.int32(2), abi::kMinNice, abi::kMaxNice);
    const std::vector<Task*> tasks = meant(call);
    if (tasks.empty()) return Errno::Srch;
    const bool root = call.capable(Capability::SysNice);
    SysOutcome outcome = 0u;
    for (Task* task : tasks) {
        const bool allowed =
            static_cast<std::uint64_t>(20 - nice) <= task->process->limits[abi::kRlimitNice].soft;
        if (!call.owns(*task) && !call.capable_in(task->cred->space, Capability::SysNice)) {
            outcome = Errno::Perm;
        } else if (!root && nice < task->nice && !allowed) {
            outcome = Errno::Acces;
        } else {
            task->nice = nice;
            call.kernel.scheduler().changed(*task);
        }
    }
    return outcome;
}

// The process's other tasks leave their critical sections.
SysOutcome disturb_others(SysCall& call) {
    for (const auto& [id, task] : call.process.tasks) {
        if (task.get() != &call.task) disturb_rseq(*task);
    }
    return 0;
}

// Every exception return is a memory barrier for all simulated tasks, so that only critical
// sections are to be left. Expedited commands want the process registered.
SysOutcome sys_membarrier(SysCall& call) {
    using namespace abi;
    constexpr std::uint64_t kRegistrations =
        kMembarrierCmdRegisterGlobalExpedited | kMembarrierCmdRegisterPrivateExpedited |
        kMembarrierCmdRegisterPrivateExpeditedSyncCore | kMembarrierCmdRegisterPrivateExpeditedRseq;
    constexpr std::uint64_t kCommands =
        kRegistrations | kMembarrierCmdGlobal | kMembarrierCmdGlobalExpedited |
        kMembarrierCmdPrivateExpedited | kMembarrierCmdPrivateExpeditedSyncCore |
        kMembarrierCmdPrivateExpeditedRseq | kMembarrierCmdGetRegistrations;
    std::uint32_t& registered = call.process.options.membarriers;
    const std::int32_t command = call.int32(0);
    const bool of_one =
        command == kMembarrierCmdPrivateExpeditedRseq && call.uint32(1) == kMembarrierFlagCpu;
    if (call.uint32(1) != 0 && !of_one) return Errno::Inval;
    switch (command) {
        case kMembarrierCmdQuery: return kCommands;
        case kMembarrierCmdGlobal:
        case kMembarrierCmdGlobalExpedited: return 0;
        case kMembarrierCmdGetRegistrations: return std::uint64_t{registered};
        case kMembarrierCmdRegisterGlobalExpedited:
        case kMembarrierCmdRegisterPrivateExpedited:
        case kMembarrierCmdRegisterPrivateExpeditedSyncCore:
        case kMembarrierCmdRegisterPrivateExpeditedRseq:
            registered |= static_cast<std::uint32_t>(command);
            return 0;
        case kMembarrierCmdPrivateExpedited:
        case kMembarrierCmdPrivateExpeditedSyncCore:
        case kMembarrierCmdPrivateExpeditedRseq:
            // The bit above a command is that of its registration.
            if ((registered & static_cast<std::uint32_t>(command << 1)) == 0) return Errno::Perm;
            return command == kMembarrierCmdPrivateExpeditedRseq ? disturb_others(call) : 0;
        default: return Errno::Inval;
    }
}

constexpr SyscallRow kSchedRows[] = {
    {122, "sched_setaffinity", sys_sched_setaffinity, Support::Full, KernelPath::SysSched, {}},
    {123, "sched_getaffinity", sys_sched_getaffinity, Support::Full, KernelPath::SysSched, {}},
    {124, "sched_yield", sys_sched_yield, Support::Full, KernelPath::SysYield, {}},
    {140, "setpriority", sys_setpriority, Support::Full, KernelPath::SysSched, {}},
    {141, "getpriority", sys_getpriority, Support::Full, KernelPath::SysSched, {}},
    {168, "getcpu", sys_getcpu, Support::Full, KernelPath::SysSched, {}},
    {283, "membarrier", sys_membarrier, Support::Full, KernelPath::SysSched, {}},
};

}  // namespace

std::span<const SyscallRow> sched_syscalls() {
    return kSchedRows;
}

}  // namespace uprobesim
