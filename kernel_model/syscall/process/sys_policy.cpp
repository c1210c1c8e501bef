// SPDX-License-Identifier: GPL-2.0-or-later
// Scheduling policies and their parameters; priorities of input and output, which are kept only.
#include <algorithm>
#include <span>
#include <vector>

#include "kernel_model/abi/calls/ioprio.h"
#include "kernel_model/abi/clock.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/abi/sched.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::int32_t kKeepPolicy = -1;  // SETPARAM_POLICY

// struct sched_attr.
struct Attributes {
    std::uint32_t size = 0;
    std::int32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0, deadline = 0, period = 0;  // version 0 ends here
    std::uint32_t util_min = 0, util_max = 0;
};
constexpr std::uint32_t kFirstSize = 48;
static_assert(sizeof(Attributes) == 56);

bool real_time_policy(std::int32_t policy) {
    return policy == kSchedFifo || policy == kSchedRr;
}
bool known_policy(std::int32_t policy) {
    constexpr std::int32_t kIso = 4;  // reserved, never implemented
    return policy >= kSchedOther && policy <= kSchedDeadline && policy != kIso;
}

// __checkparam_dl
bool valid_deadline(const Attributes& a) {
    constexpr std::uint64_t kLeastRuntime = 1024, kLeastPeriod = 100'000,
                            kMostPeriod = 4'194'304'000;
    constexpr std::uint64_t kTopBit = std::uint64_t{1} << 63;
    const std::uint64_t period = a.period != 0 ? a.period : a.deadline;
    if (a.deadline == 0 || a.runtime < kLeastRuntime) return false;
    if (((a.deadline | a.period) & kTopBit) != 0) return false;
    return period >= a.deadline && a.deadline >= a.runtime && period >= kLeastPeriod &&
           period <= kMostPeriod;
}

bool nice_allowed(const Process& process, std::int32_t nice) {
    return static_cast<std::uint64_t>(20 - nice) <= process.limits[kRlimitNice].soft;
}

// user_check_sched_setscheduler: whether the change needs CAP_SYS_NICE.
bool is_privileged(const SysCall& call, const Task& task, const Attributes& wanted) {
    const Process& process = *task.process;
    const auto priority = static_cast<std::int32_t>(wanted.priority);
    if (wanted.policy == kSchedDeadline) return true;
    if (real_time_policy(wanted.policy)) {
        const std::uint64_t limit = process.limits[kRlimitRtprio].soft;
        if (wanted.policy != task.sched.policy && limit == 0) return true;
        if (priority > task.sched.priority && wanted.priority > limit) return true;
    } else if (wanted.nice < task.nice && !nice_allowed(process, wanted.nice)) {
        return true;
    }
    if (task.sched.policy == kSchedIdle && wanted.policy != kSchedIdle &&
        !nice_allowed(process, task.nice))
        return true;
    if (!call.owns(task)) return true;
    return task.sched.reset_on_fork && (wanted.flags & kSchedFlagResetOnFork) == 0;
}

// __sched_setscheduler
SysResult<void> set_policy(SysCall& call, Task& task, Attributes wanted) {
    if (wanted.policy == kKeepPolicy) {
        wanted.policy = task.sched.policy;
        if (task.sched.reset_on_fork) wanted.flags |= kSchedFlagResetOnFork;
    }
    if (!known_policy(wanted.policy) || (wanted.flags & ~kSchedFlagAll) != 0 ||
        wanted.priority > kMaxRtPriority)
        return tl::make_unexpected(Errno::Inval);
    if (wanted.policy == kSchedDeadline && !valid_deadline(wanted))
        return tl::make_unexpected(Errno::Inval);
    if (real_time_policy(wanted.policy) != (wanted.priority != 0))
        return tl::make_unexpected(Errno::Inval);
    if (is_privileged(call, task, wanted) && !call.capable(Capability::SysNice))
        return tl::make_unexpected(Errno::Perm);
    if (wanted.policy == kSchedDeadline)
        call.kernel.counters().note_unmodelled(
            "SCHED_DEADLINE", "runs before all others; its runtime is not enforced");
    task.sched = {.policy = wanted.policy,
                  .priority = static_cast<std::int32_t>(wanted.priority),
                  .reset_on_fork = (wanted.flags & kSchedFlagResetOnFork) != 0};
    if (task.sched.is_deadline()) {
        task.sched.runtime_ns = wanted.runtime;
        task.sched.deadline_ns = wanted.deadline;
        task.sched.period_ns = wanted.period != 0 ? wanted.period : wanted.deadline;
    } else if (!task.sched.is_real_time()) {
        task.nice = wanted.nice;
    }
    call.kernel.scheduler().changed(task);
    return {};
}

// do_sched_setscheduler
SysOutcome set_parameters(SysCall& call, std::int32_t policy, VAddr at) {
    if (at == VAddr(0) || call.int32(0) < 0) return Errno::Inval;
    const auto priority = call.memory().get<std::uint32_t>(at);
    if (!priority) return Errno::Fault;
    Task* task = call.task_of(call.int32(0));
    if (task == nullptr) return Errno::Srch;
    Attributes wanted{.policy = policy, .nice = task->nice, .priority = *priority};
    if (policy != kKeepPolicy && (policy & kSchedResetOnFork) != 0) {
        wanted.policy &= ~kSchedResetOnFork;
        wanted.flags = kSchedFlagResetOnFork;
    }
    return set_policy(call, *task, wanted);
}

SysOutcome sys_sched_setscheduler(SysCall& call) {
    if (call.int32(1) < 0) return Errno::Inval;
    return set_parameters(call, call.int32(1), call.address(2));
}
SysOutcome sys_sched_setparam(SysCall& call) {
    return set_parameters(call, kKeepPolicy, call.address(1));
}

SysOutcome sys_sched_getscheduler(SysCall& call) {
    if (call.int32(0) < 0) return Errno::Inval;
    const Task* task = call.task_of(call.int32(0));
    if (task == nullptr) return Errno::Srch;
    return task->sched.policy | (task->sched.reset_on_fork ? kSchedResetOnFork : 0);
}

SysOutcome sys_sched_getparam(SysCall& call) {
    if (call.args[1] == 0 || call.int32(0) < 0) return Errno::Inval;
    const Task* task = call.task_of(call.int32(0));
    if (task == nullptr) return Errno::Srch;
    if (!call.memory().put(call.address(1), task->sched.priority)) return Errno::Fault;
    return 0;
}

// sched_copy_attr: the structure, of whichever version.
SysResult<Attributes> read_attributes(SysCall& call) {
    UserMemory memory = call.memory();
    const VAddr at = call.address(1);
    const auto given = memory.get<std::uint32_t>(at);
    if (!given) return tl::make_unexpected(Errno::Fault);
    const std::uint32_t size = *given == 0 ? kFirstSize : *given;
    const auto wrong_size = [&] {
        static_cast<void>(memory.put(at, std::uint32_t{sizeof(Attributes)}));
        return tl::make_unexpected(Errno::TooBig);
    };
    if (size < kFirstSize || size > kPageSize) return wrong_size();
    for (std::uint64_t i = sizeof(Attributes); i < size; ++i) {
        const auto later = memory.get<std::uint8_t>(at + i);
        if (!later) return tl::make_unexpected(Errno::Fault);
        if (*later != 0) return wrong_size();
    }
    Attributes wanted;
    const auto bytes = std::as_writable_bytes(std::span(&wanted, 1));
    if (!memory.read(at, bytes.first(std::min<std::size_t>(size, sizeof wanted))))
        return tl::make_unexpected(Errno::Fault);
    if ((wanted.flags & kSchedFlagUtilClamp) != 0 && size < sizeof wanted)
        return tl::make_unexpected(Errno::Inval);
    wanted.nice = std::clamp(wanted.nice, kMinNice, kMaxNice);
    return wanted;
}

void add_parameters(const Task& task, Attributes& a) {
    if (task.sched.is_deadline()) {
        a.runtime = task.sched.runtime_ns;
        a.deadline = task.sched.deadline_ns;
        a.period = task.sched.period_ns;
    } else if (task.sched.is_real_time()) {
        a.priority = static_cast<std::uint32_t>(task.sched.priority);
    } else {
        a.nice = task.nice;
    }
}

SysOutcome sys_sched_setattr(SysCall& call) {
    if (call.args[1] == 0 || call.int32(0) < 0 || call.uint32(2) != 0) return Errno::Inval;
    Attributes wanted = TRY(read_attributes(call));
    if (wanted.policy < 0) return Errno::Inval;
    if ((wanted.flags & kSchedFlagKeepPolicy) != 0) wanted.policy = kKeepPolicy;
    Task* task = call.task_of(call.int32(0));
    if (task == nullptr) return Errno::Srch;
    if ((wanted.flags & kSchedFlagKeepParams) != 0) add_parameters(*task, wanted);
    return set_policy(call, *task, wanted);
}

SysOutcome sys_sched_getattr(SysCall& call) {
    const std::uint32_t size = call.uint32(2);
    if (call.args[1] == 0 || call.int32(0) < 0 || size > kPageSize || size < kFirstSize ||
        call.uint32(3) != 0)
        return Errno::Inval;
    const Task* task = call.task_of(call.int32(0));
    if (task == nullptr) return Errno::Srch;
    Attributes a{.size = std::min<std::uint32_t>(size, sizeof(Attributes)),
                 .policy = task->sched.policy,
                 .flags = task->sched.reset_on_fork ? kSchedFlagResetOnFork : 0};
    add_parameters(*task, a);
    if (!call.memory().write(call.address(1), std::as_bytes(std::span(&a, 1)).first(a.size)))
        return Errno::Fault;
    return 0;
}

SysOutcome sys_sched_get_priority_max(SysCall& call) {
    if (!known_policy(call.int32(0))) return Errno::Inval;
    return real_time_policy(call.int32(0)) ? kMaxRtPriority : 0u;
}
SysOutcome sys_sched_get_priority_min(SysCall& call) {
    if (!known_policy(call.int32(0))) return Errno::Inval;
    return real_time_policy(call.int32(0)) ? kMinRtPriority : 0u;
}

SysOutcome sys_sched_rr_get_interval(SysCall& call) {
    if (call.int32(0) < 0) return Errno::Inval;
    const Task* task = call.task_of(call.int32(0));
    if (task == nullptr) return Errno::Srch;
    std::uint64_t slice = kTickNs;
    if (task->sched.policy == kSchedRr) slice = call.kernel.scheduler().rr_slice_ns();
    if (task->sched.policy == kSchedFifo || task->sched.is_deadline()) slice = 0;
    if (!call.memory().put(call.address(1), to_timespec(slice))) return Errno::Fault;
    return 0;
}

// --- priorities of input and output

std::uint32_t io_class(std::uint32_t priority) {
    return priority >> kIoprioClassShift;
}

std::vector<Task*> meant_for_io(SysCall& call) {
    std::vector<Task*> found;
    const std::int32_t id = call.int32(1);
    const auto user = id == 0 ? std::optional(call.cred().uid.real)
                              : user_outside(call.cred().space, call.uint32(1));
    if (call.int32(0) == kIoprioWhoProcess) {
        Task* task = call.task_of(id);
        if (task != nullptr) found.push_back(task);
        return found;
    }
    for (const auto& [pid, process] : call.kernel.processes().all()) {
        const bool meant = call.int32(0) == kIoprioWhoGroup ? process->group == call.group_of(id)
                                                            : process->cred->uid.real == user;
        if (!meant) continue;
        for (const auto& [tid, task] : process->tasks) found.push_back(task.get());
    }
    return found;
}

// ioprio_check_cap
SysResult<void> check_io_priority(const SysCall& call, std::uint32_t priority) {
    switch (io_class(priority)) {
        case kIoprioRealTime:
            if (!call.capable(Capability::SysAdmin) && !call.capable(Capability::SysNice))
                return tl::make_unexpected(Errno::Perm);
            return {};
        case kIoprioBestEffort:
        case kIoprioIdle: return {};
        case kIoprioNone:
            if ((priority & kIoprioLevels) == 0) return {};
            return tl::make_unexpected(Errno::Inval);
        default: return tl::make_unexpected(Errno::Inval);
    }
}

SysOutcome sys_ioprio_set(SysCall& call) {
    TRY(check_io_priority(call, call.uint32(2)));
    if (call.int32(0) < kIoprioWhoProcess || call.int32(0) > kIoprioWhoUser) return Errno::Inval;
    const auto tasks = meant_for_io(call);
    if (tasks.empty()) return Errno::Srch;
    for (Task* task : tasks) {
        if (!call.owns(*task) && !call.capable(Capability::SysNice)) return Errno::Perm;
        task->io_priority = static_cast<std::uint16_t>(call.args[2]);
    }
    return 0;
}

// The best of those that are meant (ioprio_best).
SysOutcome sys_ioprio_get(SysCall& call) {
    if (call.int32(0) < kIoprioWhoProcess || call.int32(0) > kIoprioWhoUser) return Errno::Inval;
    const auto tasks = meant_for_io(call);
    if (tasks.empty()) return Errno::Srch;
    const auto best = std::ranges::min_element(tasks, {}, [](const Task* task) {
        constexpr std::uint32_t kUsual = kIoprioBestEffort << 13 | 4;
        return io_class(task->io_priority) == kIoprioNone ? kUsual : task->io_priority;
    });
    return std::uint64_t{(*best)->io_priority};
}

constexpr SyscallRow kPolicyRows[] = {
    {30, "ioprio_set", sys_ioprio_set, Support::Partial, KernelPath::SysSched,
     "kept; files are read and written in no time"},
    {31, "ioprio_get", sys_ioprio_get, Support::Full, KernelPath::SysSched, {}},
    {118, "sched_setparam", sys_sched_setparam, Support::Full, KernelPath::SysSched, {}},
    {119, "sched_setscheduler", sys_sched_setscheduler, Support::Full, KernelPath::SysSched, {}},
    {120, "sched_getscheduler", sys_sched_getscheduler, Support::Full, KernelPath::SysSched, {}},
    {121, "sched_getparam", sys_sched_getparam, Support::Full, KernelPath::SysSched, {}},
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
    {274, "sched_setattr", sys_sched_setattr, Support::Full, KernelPath::SysSched, {}},
    {275, "sched_getattr", sys_sched_getattr, Support::Full, KernelPath::SysSched, {}},
};

}  // namespace

std::span<const SyscallRow> policy_syscalls() {
    return kPolicyRows;
}

}  // namespace uprobesim
