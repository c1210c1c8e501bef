// SPDX-License-Identifier: GPL-2.0-or-later
// Processes: their beginning and end, limits, groups, scheduling, futexes.
#include <algorithm>
#include <cstring>

#include "kernel_model/loader/exec.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"

namespace uprobesim {
namespace {

constexpr std::string_view kNoNewTasks = "no new tasks in this version: answered ENOSYS";
constexpr std::int32_t kDefaultPriority = 20;

SysOutcome exit(SysCall& call) {
    call.kernel.end_task(call.task, call.int32(0) & 0xff);
    if (!call.process.alive) call.units = call.process.mm->resident_pages();
    return NoReturn{};
}

SysOutcome exit_group(SysCall& call) {
    call.units = call.process.mm->resident_pages();
    call.kernel.end_process(call.process, ExitKind::Exited, call.int32(0) & 0xff, {});
    return NoReturn{};
}

// --- execve

constexpr std::size_t kPathMax = 4096;
constexpr std::size_t kMaxArgString = 32 * kPageSize;  // MAX_ARG_STRLEN
constexpr std::uint64_t kMaxArgTotal = 6u << 20;       // three quarters of _STK_LIM; the loader applies the finer limit

SysResult<std::vector<std::string>> read_strings(UserMemory& memory, VAddr at) {
    std::vector<std::string> strings;
    std::uint64_t total = 0;
    for (VAddr slot = at; at != VAddr(0); slot += 8) {
        const auto pointer = memory.get<std::uint64_t>(slot);
        if (!pointer) return tl::make_unexpected(Errno::Fault);
        if (*pointer == 0) break;
        auto text = memory.read_string(VAddr(*pointer), kMaxArgString);
        if (!text) return tl::make_unexpected(Errno::Fault);
        total += text->size() + 1 + sizeof(std::uint64_t);
        if (text->size() >= kMaxArgString || total > kMaxArgTotal) return tl::make_unexpected(Errno::TooBig);
        strings.push_back(std::move(*text));
    }
    return strings;
}

SysOutcome exec_path(SysCall& call, VAddr path_at, VAddr argv, VAddr envp) {
    UserMemory memory = call.memory();
    auto path = memory.read_string(path_at, kPathMax);
    if (!path) return Errno::Fault;
    if (path->empty()) return Errno::NoEnt;
    if (path->size() >= kPathMax) return Errno::NameTooLong;
    auto arguments = read_strings(memory, argv);
    if (!arguments) return arguments.error();
    auto environment = read_strings(memory, envp);
    if (!environment) return environment.error();
    if (arguments->empty()) arguments->emplace_back();  // as Linux since 5.18
    const auto done = call.kernel.exec(call.task, {std::move(*path), std::move(*arguments), std::move(*environment)});
    if (!done) return done.error();
    return NoReturn{};
}

SysOutcome execve(SysCall& call) {
    return exec_path(call, call.address(0), call.address(1), call.address(2));
}

SysOutcome execveat(SysCall& call) {
    constexpr std::int32_t kAtFdcwd = -100;
    if (call.args[4] != 0) return Errno::Inval;
    const auto first = call.memory().get<char>(call.address(1));
    if (!first) return Errno::Fault;
    if (call.int32(0) != kAtFdcwd && *first != '/') return Errno::Inval;
    return exec_path(call, call.address(1), call.address(2), call.address(3));
}

SysOutcome no_new_tasks(SysCall&) {
    return Errno::NoSys;
}
SysOutcome no_such_call(SysCall&) {
    return Errno::NoSys;
}
SysOutcome no_children(SysCall&) {
    return Errno::Child;
}
SysOutcome not_permitted(SysCall&) {
    return Errno::Perm;
}
SysOutcome accept(SysCall&) {
    return 0u;
}
SysOutcome invalid(SysCall&) {
    return Errno::Inval;
}

SysOutcome set_tid_address(SysCall& call) {
    call.task.clear_child_tid = call.address(0);
    return static_cast<std::uint64_t>(call.task.id.value);
}

constexpr std::uint64_t kRobustHeadSize = 24;

SysOutcome set_robust_list(SysCall& call) {
    if (call.args[1] != kRobustHeadSize) return Errno::Inval;
    call.task.robust_list = call.address(0);
    return 0u;
}

SysOutcome get_robust_list(SysCall& call) {
    const TaskId id = call.int32(0) == 0 ? call.task.id : TaskId{call.int32(0)};
    const auto it = call.process.tasks.find(id);
    if (it == call.process.tasks.end()) return Errno::Srch;
    UserMemory memory = call.memory();
    if (!memory.put(call.address(2), kRobustHeadSize)) return Errno::Fault;
    if (!memory.put(call.address(1), it->second->robust_list.value)) return Errno::Fault;
    return 0u;
}

// --- futex

SysOutcome futex(SysCall& call) {
    constexpr std::uint32_t kWait = 0, kWake = 1, kRequeue = 3, kCmpRequeue = 4, kWaitBitset = 9, kWakeBitset = 10;
    constexpr std::uint32_t kPrivate = 128, kClockRealtime = 256;
    const std::uint32_t op = call.uint32(1) & ~(kPrivate | kClockRealtime);
    UserMemory memory = call.memory();
    if (call.args[0] % 4 != 0) return Errno::Inval;
    if (call.address(0) >= Mm::kTaskSize) return Errno::Fault;
    switch (op) {
        case kWait:
        case kWaitBitset: {
            if (op == kWaitBitset && call.uint32(5) == 0) return Errno::Inval;
            std::optional<std::uint64_t> timeout;
            if (call.args[3] != 0) {
                const auto given = read_duration(memory, call.address(3));
                if (!given) return given.error();
                timeout = *given;
                if (op == kWaitBitset) {  // an absolute time
                    const bool realtime = (call.uint32(1) & kClockRealtime) != 0;
                    const std::uint64_t now = realtime ? call.kernel.realtime_ns() : call.kernel.monotonic_ns();
                    timeout = *given > now ? *given - now : 0;
                }
            }
            const auto value = memory.get<std::uint32_t>(call.address(0));
            if (!value) return Errno::Fault;
            if (*value != call.uint32(2)) return Errno::Again;
            if (timeout && deadline_passed(call, *timeout)) return Errno::TimedOut;
            return Block{};
        }
        case kWakeBitset:
            if (call.uint32(5) == 0) return Errno::Inval;
            return 0u;
        case kWake:
        case kRequeue: return 0u;
        case kCmpRequeue: {
            const auto value = memory.get<std::uint32_t>(call.address(0));
            if (!value) return Errno::Fault;
            if (*value != call.uint32(5)) return Errno::Again;
            return 0u;
        }
        default:
            call.kernel.note_unmodelled("futex", "only WAIT, WAKE and REQUEUE; others are answered ENOSYS");
            return Errno::NoSys;
    }
}

// --- limits

constexpr std::size_t kRlimitData = 2, kRlimitStack = 3, kRlimitNofile = 7, kRlimitAs = 9;

struct LimitBytes {
    std::uint64_t soft, hard;
};

SysOutcome change_limit(SysCall& call, std::uint32_t which, const LimitBytes& wanted) {
    ResourceLimit& limit = call.process.limits[which];
    if (wanted.soft > wanted.hard) return Errno::Inval;
    constexpr std::uint64_t kMostFiles = 1048576;  // fs.nr_open
    if (which == kRlimitNofile && wanted.hard > kMostFiles) return Errno::Perm;
    if (wanted.hard > limit.hard && call.process.uid != 0) return Errno::Perm;
    limit = {wanted.soft, wanted.hard};
    Mm& mm = *call.process.mm;
    if (which == kRlimitNofile) call.process.files.set_limit(limit.soft);
    if (which == kRlimitStack) mm.set_stack_limit(limit.soft);
    if (which == kRlimitAs || which == kRlimitData) {
        mm.set_limits(call.process.limits[kRlimitAs].soft, call.process.limits[kRlimitData].soft);
    }
    return 0u;
}

SysOutcome limit_call(SysCall& call, std::uint32_t which, VAddr new_at, VAddr old_at) {
    if (which >= call.process.limits.size()) return Errno::Inval;
    UserMemory memory = call.memory();
    const LimitBytes old{call.process.limits[which].soft, call.process.limits[which].hard};
    if (new_at != VAddr(0)) {
        const auto wanted = memory.get<LimitBytes>(new_at);
        if (!wanted) return Errno::Fault;
        const SysOutcome outcome = change_limit(call, which, *wanted);
        if (std::holds_alternative<Errno>(outcome)) return outcome;
    }
    if (old_at != VAddr(0) && !memory.put(old_at, old)) return Errno::Fault;
    return 0u;
}

SysOutcome prlimit64(SysCall& call) {
    if (call.int32(0) != 0 && call.int32(0) != call.process.pid) return Errno::Srch;
    return limit_call(call, call.uint32(1), call.address(2), call.address(3));
}
SysOutcome getrlimit(SysCall& call) {
    if (call.args[1] == 0) return Errno::Fault;
    return limit_call(call, call.uint32(0), VAddr(0), call.address(1));
}
SysOutcome setrlimit(SysCall& call) {
    if (call.args[1] == 0) return Errno::Fault;
    return limit_call(call, call.uint32(0), call.address(1), VAddr(0));
}

// --- groups and sessions

Process* named(SysCall& call, std::int32_t pid) {
    return pid == 0 ? &call.process : call.kernel.find_process(pid);
}

SysOutcome getpgid(SysCall& call) {
    const Process* process = named(call, call.int32(0));
    if (process == nullptr) return Errno::Srch;
    return static_cast<std::uint64_t>(process->group);
}
SysOutcome getsid(SysCall& call) {
    const Process* process = named(call, call.int32(0));
    if (process == nullptr) return Errno::Srch;
    return static_cast<std::uint64_t>(process->session);
}
SysOutcome setpgid(SysCall& call) {
    if (call.int32(1) < 0) return Errno::Inval;
    Process* process = named(call, call.int32(0));
    if (process == nullptr) return Errno::Srch;
    if (process->session == process->pid) return Errno::Perm;  // a session leader
    process->group = call.int32(1) == 0 ? process->pid : call.int32(1);
    return 0u;
}
SysOutcome setsid(SysCall& call) {
    if (call.process.group == call.process.pid) return Errno::Perm;
    call.process.group = call.process.session = call.process.pid;
    return static_cast<std::uint64_t>(call.process.pid);
}

// --- scheduling: one CPU, one policy

constexpr std::uint64_t kMaskSize = 8;

SysOutcome getaffinity(SysCall& call) {
    if (call.args[1] < kMaskSize || call.args[1] % kMaskSize != 0) return Errno::Inval;
    if (call.int32(0) != 0 && call.kernel.find_process(call.int32(0)) == nullptr) return Errno::Srch;
    if (!call.memory().put(call.address(2), std::uint64_t{1})) return Errno::Fault;
    return kMaskSize;
}

SysOutcome setaffinity(SysCall& call) {
    const auto mask = call.memory().get<std::uint8_t>(call.address(2));
    if (!mask) return Errno::Fault;
    if (call.args[1] == 0 || (*mask & 1) == 0) return Errno::Inval;
    return 0u;
}

SysOutcome getcpu(SysCall& call) {
    UserMemory memory = call.memory();
    if (call.args[0] != 0 && !memory.put(call.address(0), std::uint32_t{0})) return Errno::Fault;
    if (call.args[1] != 0 && !memory.put(call.address(1), std::uint32_t{0})) return Errno::Fault;
    return 0u;
}

SysOutcome getparam(SysCall& call) {
    if (call.args[1] == 0) return Errno::Inval;
    if (!call.memory().put(call.address(1), std::int32_t{0})) return Errno::Fault;
    return 0u;
}

bool real_time_policy(std::int32_t policy) {
    return policy == 1 || policy == 2;
}
bool known_policy(std::int32_t policy) {
    return policy >= 0 && policy <= 6 && policy != 4;
}

SysOutcome setscheduler(SysCall& call) {
    if (call.args[2] == 0 || !known_policy(call.int32(1))) return Errno::Inval;
    if (!call.memory().get<std::int32_t>(call.address(2))) return Errno::Fault;
    return 0u;
}
SysOutcome priority_max(SysCall& call) {
    if (!known_policy(call.int32(0))) return Errno::Inval;
    return real_time_policy(call.int32(0)) ? 99u : 0u;
}
SysOutcome priority_min(SysCall& call) {
    if (!known_policy(call.int32(0))) return Errno::Inval;
    return real_time_policy(call.int32(0)) ? 1u : 0u;
}
SysOutcome rr_interval(SysCall& call) {
    if (!call.memory().put(call.address(1), to_timespec(4'000'000))) return Errno::Fault;
    return 0u;
}
SysOutcome getpriority(SysCall& call) {
    if (call.uint32(0) > 2) return Errno::Inval;
    return static_cast<std::uint64_t>(kDefaultPriority);
}

SysOutcome membarrier(SysCall& call) {
    if (call.int32(0) != 0) return Errno::Inval;
    return 0u;  // QUERY: no command is supported
}

SysOutcome personality(SysCall& call) {
    const std::uint32_t old = call.process.options.personality;
    if (call.uint32(0) != 0xffffffff) call.process.options.personality = call.uint32(0);
    return std::uint64_t{old};
}

constexpr std::string_view kOneCpu = "one CPU, one policy: accepted, changes nothing";

constexpr SyscallRow kRows[] = {
    {30, "ioprio_set", accept, Support::Stub, KernelPath::SysSched, kOneCpu},
    {31, "ioprio_get", accept, Support::Stub, KernelPath::SysSched, "always 0"},
    {92, "personality", personality, Support::Partial, KernelPath::SysPrctl, "kept, changes nothing"},
    {93, "exit", exit, Support::Full, KernelPath::SysExit, {}},
    {94, "exit_group", exit_group, Support::Full, KernelPath::SysExit, {}},
    {95, "waitid", no_children, Support::Stub, KernelPath::SysTrivial, "there are no children: answered ECHILD"},
    {96, "set_tid_address", set_tid_address, Support::Full, KernelPath::SysPrctl, {}},
    {97, "unshare", not_permitted, Support::Stub, KernelPath::SysTrivial, "answered EPERM"},
    {98, "futex", futex, Support::Partial, KernelPath::SysFutex, "there is never another waiter"},
    {99, "set_robust_list", set_robust_list, Support::Full, KernelPath::SysPrctl, {}},
    {100, "get_robust_list", get_robust_list, Support::Full, KernelPath::SysPrctl, {}},
    {118, "sched_setparam", accept, Support::Stub, KernelPath::SysSched, kOneCpu},
    {119, "sched_setscheduler", setscheduler, Support::Stub, KernelPath::SysSched, kOneCpu},
    {120, "sched_getscheduler", accept, Support::Full, KernelPath::SysSched, {}},
    {121, "sched_getparam", getparam, Support::Full, KernelPath::SysSched, {}},
    {122, "sched_setaffinity", setaffinity, Support::Stub, KernelPath::SysSched, kOneCpu},
    {123, "sched_getaffinity", getaffinity, Support::Full, KernelPath::SysSched, {}},
    {124, "sched_yield", accept, Support::Full, KernelPath::SysYield, {}},
    {125, "sched_get_priority_max", priority_max, Support::Full, KernelPath::SysSched, {}},
    {126, "sched_get_priority_min", priority_min, Support::Full, KernelPath::SysSched, {}},
    {127, "sched_rr_get_interval", rr_interval, Support::Full, KernelPath::SysSched, {}},
    {140, "setpriority", accept, Support::Stub, KernelPath::SysSched, kOneCpu},
    {141, "getpriority", getpriority, Support::Full, KernelPath::SysSched, {}},
    {154, "setpgid", setpgid, Support::Full, KernelPath::SysIds, {}},
    {155, "getpgid", getpgid, Support::Full, KernelPath::SysIds, {}},
    {156, "getsid", getsid, Support::Full, KernelPath::SysIds, {}},
    {157, "setsid", setsid, Support::Full, KernelPath::SysIds, {}},
    {163, "getrlimit", getrlimit, Support::Full, KernelPath::SysPrctl, {}},
    {164, "setrlimit", setrlimit, Support::Full, KernelPath::SysPrctl, {}},
    {168, "getcpu", getcpu, Support::Full, KernelPath::SysSched, {}},
    {220, "clone", no_new_tasks, Support::Stub, KernelPath::SysUnknown, kNoNewTasks},
    {221, "execve", execve, Support::Full, KernelPath::SysExec, {}},
    {260, "wait4", no_children, Support::Stub, KernelPath::SysTrivial, "there are no children: answered ECHILD"},
    {261, "prlimit64", prlimit64, Support::Full, KernelPath::SysPrctl, {}},
    {274, "sched_setattr", accept, Support::Stub, KernelPath::SysSched, kOneCpu},
    {275, "sched_getattr", invalid, Support::Stub, KernelPath::SysSched, "answered EINVAL"},
    {277, "seccomp", invalid, Support::Stub, KernelPath::SysPrctl, "no filters: answered EINVAL"},
    {281, "execveat", execveat, Support::Partial, KernelPath::SysExec, "no flags, and no directory descriptors"},
    {283, "membarrier", membarrier, Support::Partial, KernelPath::SysSched, "QUERY says that no command is supported"},
    {293, "rseq", no_such_call, Support::Stub, KernelPath::SysUnknown, "no restartable sequences: answered ENOSYS"},
    {435, "clone3", no_new_tasks, Support::Stub, KernelPath::SysUnknown, kNoNewTasks},
};

}  // namespace

std::span<const SyscallRow> process_syscalls() {
    return kRows;
}

}  // namespace uprobesim
