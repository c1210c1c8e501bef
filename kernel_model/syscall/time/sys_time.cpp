// SPDX-License-Identifier: GPL-2.0-or-later
// Clocks, sleeping and timers, all on the simulated clock.
#include "kernel_model/abi/clock.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"
#include "kernel_model/syscall/usage.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

std::optional<std::uint64_t> clock_ns(SysCall& call, std::int32_t id) {
    const std::uint64_t host = call.kernel.clock().monotonic_ns();
    const auto offset = static_cast<std::uint64_t>(clock_offset(call, id));
    switch (id) {
        case kClockRealtime:
        case kClockRealtimeAlarm:
        case kClockTai: return call.kernel.clock().realtime_ns();
        case kClockRealtimeCoarse: return call.kernel.clock().realtime_ns() / kTickNs * kTickNs;
        case kClockMonotonic:
        case kClockMonotonicRaw:
        case kClockBoottime:
        case kClockBoottimeAlarm: return host + offset;
        case kClockMonotonicCoarse: return host / kTickNs * kTickNs + offset;
        case kClockProcessCputimeId: return call.kernel.clock().cpu_time(call.process).total();
        case kClockThreadCputimeId: return call.kernel.clock().cpu_time(call.task).total();
        default: break;
    }
    if (id >= 0) return std::nullopt;
    // CPU clock of a process or thread: ~pid in the upper bits, bit 2 for a thread, kind in the low
    // two (2: scheduler's).
    const std::int32_t number = cpu_clock_pid(id);
    const bool thread = (id & kCpuclockPerthreadMask) != 0;
    if ((id & kCpuclockClockMask) == kCpuclockMax) return std::nullopt;
    if (!thread) {
        const Process* process = number == 0 ? &call.process : call.find_process(number);
        return process == nullptr ? std::nullopt
                                  : std::optional(call.kernel.clock().cpu_time(*process).total());
    }
    const auto it =
        call.process.tasks.find(number == 0 ? call.task.id : TaskId{call.id_of(number)});
    return it == call.process.tasks.end()
               ? std::nullopt
               : std::optional(call.kernel.clock().cpu_time(*it->second).total());
}

SysOutcome sys_clock_gettime(SysCall& call) {
    const auto now = clock_ns(call, call.int32(0));
    if (!now) return Errno::Inval;
    if (!call.memory().put(call.address(1), to_timespec(*now))) return Errno::Fault;
    return 0;
}

SysOutcome sys_clock_getres(SysCall& call) {
    const std::int32_t id = call.int32(0);
    if (!clock_ns(call, id)) return Errno::Inval;
    const std::uint64_t resolution =
        id == kClockRealtimeCoarse || id == kClockMonotonicCoarse ? kTickNs : 1;
    if (call.args[1] != 0 && !call.memory().put(call.address(1), to_timespec(resolution)))
        return Errno::Fault;
    return 0;
}

SysOutcome sys_gettimeofday(SysCall& call) {
    UserMemory memory = call.memory();
    if (call.args[0] != 0 &&
        !memory.put(call.address(0), to_timeval(call.kernel.clock().realtime_ns())))
        return Errno::Fault;
    if (call.args[1] != 0 && !memory.put(call.address(1), call.kernel.clock().settings().zone))
        return Errno::Fault;
    return 0;
}

// A sleep for some time goes on for what is left of it; one until some time is made again.
Block sleeps(bool absolute) {
    return Block{absolute ? Interrupted::RestartNoHand : Interrupted::RestartBlock};
}

// Interrupted sleeps for some time write what is left of it.
SysOutcome sleep_until_deadline(SysCall& call, std::uint64_t duration_ns, VAddr remaining,
                                bool absolute) {
    if (deadline_passed(call, duration_ns)) return 0;
    if (!call.task.tif_sigpending) return sleeps(absolute);
    // After a signal without a handler the sleep continues.
    const std::uint64_t left = call.task.wait_deadline_ns - call.kernel.clock().monotonic_ns();
    if (remaining != VAddr(0) && !call.memory().put(remaining, to_timespec(left)))
        return Errno::Fault;
    return sleeps(absolute);
}

SysOutcome sys_nanosleep(SysCall& call) {
    UserMemory memory = call.memory();
    const auto duration = TRY(read_duration(memory, call.address(0)));
    return sleep_until_deadline(call, duration, call.address(1), false);
}

// A sleep by CPU time, which passes while other threads run: looked at when it may have passed.
SysOutcome sleep_by_cpu_time(SysCall& call, std::uint64_t duration_ns, bool absolute) {
    const auto now = clock_ns(call, call.int32(0));
    if (!now) return Errno::Inval;
    std::uint64_t& until = call.task.call_progress;
    if (until == 0) until = std::max<std::uint64_t>(absolute ? duration_ns : *now + duration_ns, 1);
    if (*now >= until) return 0;
    const std::uint64_t left = until - *now;
    if (call.task.tif_sigpending && !absolute && call.args[3] != 0 &&
        !call.memory().put(call.address(3), to_timespec(left)))
        return Errno::Fault;
    call.task.wait_deadline_ns = call.kernel.clock().monotonic_ns() +
                                 std::max<std::uint64_t>(left / call.process.tasks.size(), kTickNs);
    return sleeps(absolute);
}

SysOutcome sys_clock_nanosleep(SysCall& call) {
    const std::int32_t id = call.int32(0);
    const auto now = clock_ns(call, id);
    if (!now) return Errno::Inval;
    if (id == kClockThreadCputimeId || id == kClockMonotonicRaw || id == kClockRealtimeCoarse ||
        id == kClockMonotonicCoarse)
        return Errno::NotSup;
    UserMemory memory = call.memory();
    auto duration = TRY(read_duration(memory, call.address(2)));
    if (id == kClockProcessCputimeId || id < 0) {
        // posix_cpu_nsleep: a task cannot wait for its own time.
        if (id < 0 && (id & kCpuclockPerthreadMask) != 0 &&
            call.task_of(cpu_clock_pid(id)) == &call.task)
            return Errno::Inval;
        return sleep_by_cpu_time(call, duration, (call.args[1] & kTimerAbstime) != 0);
    }
    if ((call.args[1] & kTimerAbstime) == 0)
        return sleep_until_deadline(call, duration, call.address(3), false);
    if (duration <= *now) return 0;
    return sleep_until_deadline(call, duration - *now, VAddr(0), true);
}

SysOutcome sys_times(SysCall& call) {
    if (call.args[0] != 0) {
        const CpuTime time = call.kernel.clock().cpu_time(call.process),
                      children = call.process.children_time;
        const std::array<std::uint64_t, 4> tms{
            time.user_ns / kUserTickNs, time.system_ns / kUserTickNs,
            children.user_ns / kUserTickNs, children.system_ns / kUserTickNs};
        if (!call.memory().put(call.address(0), tms)) return Errno::Fault;
    }
    return call.kernel.clock().monotonic_ns() / kUserTickNs;
}

SysOutcome sys_getrusage(SysCall& call) {
    const std::int32_t who = call.int32(0);
    if (who != kRusageSelf && who != kRusageChildren && who != kRusageThread) return Errno::Inval;
    const Process& process = call.process;
    std::uint64_t voluntary = 0, involuntary = 0;
    UsageBytes usage =
        usage_bytes(process.children_time, process.children_peak_pages, process.children_faults);
    if (who == kRusageSelf)
        usage = usage_bytes(call.kernel.clock().cpu_time(process), peak_pages(process),
                            call.kernel.faults(process));
    for (const auto& [id, task] : process.tasks) {
        if (who == kRusageChildren || (who == kRusageThread && task.get() != &call.task)) continue;
        voluntary += task->past.voluntary;
        involuntary += task->past.involuntary;
    }
    if (who == kRusageThread)
        usage = usage_bytes(call.kernel.clock().cpu_time(call.task), peak_pages(process),
                            call.kernel.faults(call.task));
    usage.voluntary = static_cast<std::int64_t>(voluntary);
    usage.involuntary = static_cast<std::int64_t>(involuntary);
    if (!call.memory().put(call.address(1), usage)) return Errno::Fault;
    return 0;
}

constexpr SyscallRow kTimeRows[] = {
    {101, "nanosleep", sys_nanosleep, Support::Full, KernelPath::SysNanosleep, {}},
    {113, "clock_gettime", sys_clock_gettime, Support::Full, KernelPath::SysClock, {}},
    {114, "clock_getres", sys_clock_getres, Support::Full, KernelPath::SysClock, {}},
    {115, "clock_nanosleep", sys_clock_nanosleep, Support::Full, KernelPath::SysNanosleep, {}},
    {153, "times", sys_times, Support::Full, KernelPath::SysRusage, {}},
    {165, "getrusage", sys_getrusage, Support::Partial, KernelPath::SysRusage,
     "faults are minor ones, switches are of the tasks that live"},
    {169, "gettimeofday", sys_gettimeofday, Support::Full, KernelPath::SysClock, {}},
};

}  // namespace

std::span<const SyscallRow> time_syscalls() {
    return kTimeRows;
}

}  // namespace uprobesim
