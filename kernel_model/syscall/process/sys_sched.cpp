// SPDX-License-Identifier: GPL-2.0-or-later
// Scheduling: affinity is obeyed, nice values are stored but do not affect scheduling, policies are
// not stored.
#include <algorithm>
#include <bit>
#include <vector>

#include "kernel_model/abi/clock.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/abi/sched.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMaskSize = 8;

Task* named(SysCall& call) {
    return call.int32(0) == 0 ? &call.task
                              : call.kernel.processes().find_task(TaskId{call.int32(0)});
}

std::uint64_t present_cpus(SysCall& call) {
    return ~std::uint64_t{0} >> (64 - call.kernel.scheduler().cpus().size());
}

SysOutcome sys_sched_getaffinity(SysCall& call) {
    if (call.args[1] < kMaskSize || call.args[1] % kMaskSize != 0) return Errno::Inval;
    const Task* task = named(call);
    if (task == nullptr) return Errno::Srch;
    if (!call.memory().put(call.address(2), task->affinity & present_cpus(call)))
        return Errno::Fault;
    return kMaskSize;
}

SysOutcome sys_sched_setaffinity(SysCall& call) {
    std::array<std::byte, kMaskSize> bytes{};
    const auto given = std::span(bytes).first(std::min(call.args[1], kMaskSize));
    if (!call.memory().read(call.address(2), given)) return Errno::Fault;
    Task* task = named(call);
    if (task == nullptr) return Errno::Srch;
    const std::uint64_t mask = std::bit_cast<std::uint64_t>(bytes) & present_cpus(call);
    if (mask == 0) return Errno::Inval;
    task->affinity = mask;
    call.kernel.scheduler().move_if_needed(*task);
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

SysOutcome sys_sched_getparam(SysCall& call) {
    if (call.args[1] == 0) return Errno::Inval;
    if (!call.memory().put(call.address(1), std::int32_t{0})) return Errno::Fault;
    return 0;
}

bool real_time_policy(std::int32_t policy) {
    return policy == abi::kSchedFifo || policy == abi::kSchedRr;
}
bool known_policy(std::int32_t policy) {
    constexpr std::int32_t kIso = 4;  // reserved, never implemented
    return policy >= abi::kSchedOther && policy <= abi::kSchedDeadline && policy != kIso;
}

SysOutcome sys_sched_setscheduler(SysCall& call) {
    if (call.args[2] == 0 || !known_policy(call.int32(1))) return Errno::Inval;
    if (!call.memory().get<std::int32_t>(call.address(2))) return Errno::Fault;
    return 0;
}
SysOutcome sys_sched_get_priority_max(SysCall& call) {
    if (!known_policy(call.int32(0))) return Errno::Inval;
    return real_time_policy(call.int32(0)) ? abi::kMaxRtPriority : 0u;
}
SysOutcome sys_sched_get_priority_min(SysCall& call) {
    if (!known_policy(call.int32(0))) return Errno::Inval;
    return real_time_policy(call.int32(0)) ? abi::kMinRtPriority : 0u;
}
SysOutcome sys_sched_rr_get_interval(SysCall& call) {
    if (!call.memory().put(call.address(1), to_timespec(abi::kTickNs))) return Errno::Fault;
    return 0;
}

// The tasks that the arguments `which` and `who` of getpriority and setpriority select.
std::vector<Task*> meant(SysCall& call) {
    std::vector<Task*> found;
    if (call.int32(0) == abi::kPrioProcess) {
        Task* const task = call.int32(1) == 0
                               ? &call.task
                               : call.kernel.processes().find_task(TaskId{call.int32(1)});
        if (task != nullptr) found.push_back(task);
        return found;
    }
    const std::int32_t group = call.int32(1) == 0 ? call.process.group : call.int32(1);
    const std::uint32_t user = call.uint32(1) == 0 ? call.cred().uid.real : call.uint32(1);
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
        const std::uint32_t own = call.cred().uid.effective;
        if (!root && task->cred->uid.real != own && task->cred->uid.effective != own) {
            outcome = Errno::Perm;
        } else if (!root && nice < task->nice && !allowed) {
            outcome = Errno::Acces;
        } else {
            task->nice = nice;
        }
    }
    return outcome;
}

// Every exception return is a memory barrier for all simulated tasks, so no command has work to do.
SysOutcome sys_membarrier(SysCall& call) {
    if (call.args[1] != 0) return Errno::Inval;
    switch (call.int32(0)) {
        case abi::kMembarrierCmdQuery:
            return abi::kMembarrierCmdGlobal | abi::kMembarrierCmdPrivateExpedited |
                   abi::kMembarrierCmdRegisterPrivateExpedited;
        case abi::kMembarrierCmdGlobal:
        case abi::kMembarrierCmdRegisterPrivateExpedited:
        case abi::kMembarrierCmdPrivateExpedited: return 0;
        default: return Errno::Inval;
    }
}

constexpr std::string_view kOnePolicy = "one policy: accepted, changes nothing";

constexpr SyscallRow kRows[] = {
    {30, "ioprio_set", answer<0>, Support::Stub, KernelPath::SysSched, kOnePolicy},
    {31, "ioprio_get", answer<0>, Support::Stub, KernelPath::SysSched, "always 0"},
    {118, "sched_setparam", answer<0>, Support::Stub, KernelPath::SysSched, kOnePolicy},
    {119, "sched_setscheduler", sys_sched_setscheduler, Support::Stub, KernelPath::SysSched,
     kOnePolicy},
    {120, "sched_getscheduler", answer<0>, Support::Full, KernelPath::SysSched, {}},
    {121, "sched_getparam", sys_sched_getparam, Support::Full, KernelPath::SysSched, {}},
    {122, "sched_setaffinity", sys_sched_setaffinity, Support::Full, KernelPath::SysSched, {}},
    {123, "sched_getaffinity", sys_sched_getaffinity, Support::Full, KernelPath::SysSched, {}},
    {124, "sched_yield", sys_sched_yield, Support::Full, KernelPath::SysYield, {}},
    {125,
     "sched_get_priority_max",
     sys_sched_get_priority_max,
     Support::Full,
     KernelPath::SysSched,
     {}},
    {126,
     "sched_get_priority_min",
     sys_sched_get_priority_min,
     Support::Full,
     KernelPath::SysSched,
     {}},
    {127,
     "sched_rr_get_interval",
     sys_sched_rr_get_interval,
     Support::Full,
     KernelPath::SysSched,
     {}},
    {140, "setpriority", sys_setpriority, Support::Partial, KernelPath::SysSched,
     "stored; does not affect scheduling"},
    {141, "getpriority", sys_getpriority, Support::Full, KernelPath::SysSched, {}},
    {168, "getcpu", sys_getcpu, Support::Full, KernelPath::SysSched, {}},
    {274, "sched_setattr", answer<0>, Support::Stub, KernelPath::SysSched, kOnePolicy},
    {275, "sched_getattr", refuse<Errno::Inval>, Support::Stub, KernelPath::SysSched,
     "answered EINVAL"},
    {283, "membarrier", sys_membarrier, Support::Full, KernelPath::SysSched, {}},
};

}  // namespace

std::span<const SyscallRow> sched_syscalls() {
    return kRows;
}

}  // namespace uprobesim
