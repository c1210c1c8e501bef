// SPDX-License-Identifier: GPL-2.0-or-later
// Timers that send signals: setitimer and timer_create.
#include <algorithm>

#include "kernel_model/abi/clock.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"
#include "kernel_model/task/budgets.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

// --- setitimer

struct ItimerBytes {
    TimeVal interval, value;
};

struct Period {
    std::uint64_t next_ns, interval_ns, now_ns;
};

Period period_of(SysCall& call, std::int32_t which) {
    const Process& p = call.process;
    if (which == kItimerReal)
        return {p.real_timer.next_ns, p.real_timer.interval_ns, call.kernel.clock().monotonic_ns()};
    const CpuTime used = call.kernel.clock().cpu_time(p);
    if (which == kItimerVirtual)
        return {p.virtual_timer.next_ns, p.virtual_timer.interval_ns, used.user_ns};
    return {p.profiling_timer.next_ns, p.profiling_timer.interval_ns, used.total()};
}

ItimerBytes remaining_of(const Period& p) {
    // A timer that is due but not delivered yet shows one microsecond, as the kernel does.
    const std::uint64_t left =
        p.next_ns == 0
            ? 0
            : std::max<std::uint64_t>(p.next_ns > p.now_ns ? p.next_ns - p.now_ns : 0, 1000);
    return {to_timeval(p.interval_ns), to_timeval(left)};
}

SysOutcome sys_getitimer(SysCall& call) {
    const std::int32_t which = call.int32(0);
    if (which < kItimerReal || which > kItimerProf) return Errno::Inval;
    if (!call.memory().put(call.address(1), remaining_of(period_of(call, which))))
        return Errno::Fault;
    return 0;
}

std::optional<std::uint64_t> timeval_ns(const TimeVal& t) {
    if (t.seconds < 0 || t.microseconds < 0 || t.microseconds >= 1'000'000) return std::nullopt;
    return static_cast<std::uint64_t>(std::min(t.seconds, kMaxSeconds)) * kNsPerSecond +
           static_cast<std::uint64_t>(t.microseconds) * 1000;
}

SysOutcome sys_setitimer(SysCall& call) {
    const std::int32_t which = call.int32(0);
    UserMemory memory = call.memory();
    ItimerBytes wanted{};
    if (call.args[1] != 0) {
        const auto given = memory.get<ItimerBytes>(call.address(1));
        if (!given) return Errno::Fault;
        wanted = *given;
    }
    const auto value = timeval_ns(wanted.value);
    const auto interval = timeval_ns(wanted.interval);
    if (!value || !interval || which < kItimerReal || which > kItimerProf) return Errno::Inval;
    const Period old = period_of(call, which);
    const std::uint64_t next = *value == 0 ? 0 : old.now_ns + *value;
    switch (which) {
        case kItimerReal:
            call.kernel.signal_timers().set_real(call.process, next, *interval);
            break;
        case kItimerVirtual: call.process.virtual_timer = {next, *interval}; break;
        default: call.process.profiling_timer = {next, *interval}; break;
    }
    if (call.args[2] != 0 && !memory.put(call.address(2), remaining_of(old))) return Errno::Fault;
    return 0;
}

// --- timer_create

struct SigEvent {
    std::uint64_t value;
    std::int32_t signal, notify, tid;
    std::array<std::int32_t, 11> rest;
};
static_assert(sizeof(SigEvent) == 64);

struct ItimerSpec {
    TimeSpec interval, value;
};

// Which clock; NotSup: one without timers.
SysResult<void> set_clock(SysCall& call, PosixTimer& timer) {
    const std::int32_t id = call.int32(0);
    switch (id) {
        case kClockRealtime:
        case kClockTai: timer.clock = TimerClock::Realtime; return {};
        case kClockMonotonic:
        case kClockBoottime:
            timer.clock = TimerClock::Monotonic;
            timer.boottime = id == kClockBoottime;
            return {};
        case kClockProcessCputimeId: timer.clock = TimerClock::ProcessCpu; return {};
        case kClockThreadCputimeId: break;
        case kClockMonotonicRaw:
        case kClockRealtimeCoarse:
        case kClockMonotonicCoarse:
        case kClockRealtimeAlarm:  // the alarms want a real-time clock device
        case kClockBoottimeAlarm: return tl::make_unexpected(Errno::NotSup);
        default: {
            // The CPU clock of a process or task, as clock_gettime has them; own ones only.
            const std::int32_t number = cpu_clock_pid(id);
            if (id >= 0 || (id & kCpuclockClockMask) == kCpuclockMax)
                return tl::make_unexpected(Errno::Inval);
            if ((id & kCpuclockPerthreadMask) == 0) {
                if (number != 0 && call.id_of(number) != call.process.pid)
                    return tl::make_unexpected(Errno::Inval);
                timer.clock = TimerClock::ProcessCpu;
                return {};
            }
            const TaskId task = number == 0 ? call.task.id : TaskId{call.id_of(number)};
            if (!call.process.tasks.contains(task)) return tl::make_unexpected(Errno::Inval);
            timer.clock = TimerClock::TaskCpu;
            timer.cpu_task = task;
            return {};
        }
    }
    timer.clock = TimerClock::TaskCpu;
    timer.cpu_task = call.task.id;
    return {};
}

// good_sigevent.
SysResult<void> set_event(SysCall& call, PosixTimer& timer, const SigEvent& event) {
    timer.value = event.value;
    if (event.notify == kSigevNone) return {};
    if (event.notify != kSigevSignal && event.notify != kSigevThread &&
        event.notify != (kSigevSignal | kSigevThreadId))
        return tl::make_unexpected(Errno::Inval);
    if (event.notify == kSigevThreadId) {
        const TaskId target{call.id_of(event.tid)};
        if (!call.process.tasks.contains(target)) return tl::make_unexpected(Errno::Inval);
        timer.target = target;
    }
    if (!is_signal(event.signal)) return tl::make_unexpected(Errno::Inval);
    timer.signal = static_cast<Signal>(event.signal);
    return {};
}

SysOutcome sys_timer_create(SysCall& call) {
    UserMemory memory = call.memory();
    std::optional<SigEvent> event;
    if (call.args[1] != 0 && !(event = memory.get<SigEvent>(call.address(1)))) return Errno::Fault;
    auto& timers = call.process.posix_timers;
    PosixTimer timer;
    timer.allowance = call.kernel.signals().charge(call.process, false);
    if (timer.allowance == nullptr) return Errno::Again;
    TRY(set_clock(call, timer));
    // posix_timer_add: ids are used again only after all others.
    std::int32_t& next = call.process.next_timer_id;
    while (timers.contains(next)) next = next == INT32_MAX ? 0 : next + 1;
    timer.id = next;
    timer.charge = MemoryCharge(&call.kernel.machine().memory, kTimerBytes);
    timer.signal = Signal::Alrm;
    timer.value = static_cast<std::uint64_t>(timer.id);
    if (event) {
        timer.signal = Signal::None;
        TRY(set_event(call, timer, *event));
    }
    if (!memory.put(call.address(2), timer.id)) return Errno::Fault;
    next = next == INT32_MAX ? 0 : next + 1;
    timers.emplace(timer.id, std::move(timer));
    return 0;
}

PosixTimer* timer_of(SysCall& call) {
    const auto it = call.process.posix_timers.find(call.int32(0));
    return it == call.process.posix_timers.end() ? nullptr : &it->second;
}

ItimerSpec remaining_of(SysCall& call, const PosixTimer& timer) {
    ItimerSpec spec{.interval = to_timespec(timer.interval_ns), .value = {}};
    const std::uint64_t now = call.kernel.signal_timers().now(call.process, timer);
    const bool silent = timer.signal == Signal::None && timer.next_ns <= now;
    if (timer.next_ns == 0 || ((timer.queued || silent) && timer.interval_ns == 0)) return spec;
    std::uint64_t next = timer.next_ns;
    if (next <= now && timer.interval_ns != 0)
        next += ((now - next) / timer.interval_ns + 1) * timer.interval_ns;
    // Due, but not delivered yet.
    spec.value = to_timespec(next > now ? next - now : 1);
    return spec;
}

SysOutcome sys_timer_gettime(SysCall& call) {
    const PosixTimer* timer = timer_of(call);
    if (timer == nullptr) return Errno::Inval;
    if (!call.memory().put(call.address(1), remaining_of(call, *timer))) return Errno::Fault;
    return 0;
}

SysOutcome sys_timer_settime(SysCall& call) {
    UserMemory memory = call.memory();
    if (call.args[2] == 0) return Errno::Inval;
    const auto interval = TRY(read_duration(memory, call.address(2)));
    const auto value = TRY(read_duration(memory, call.address(2) + sizeof(TimeSpec)));
    PosixTimer* timer = timer_of(call);
    if (timer == nullptr) return Errno::Inval;
    const ItimerSpec old = remaining_of(call, *timer);
    std::uint64_t next = value;
    timer->absolute = (call.args[1] & kTimerAbstime) != 0;
    timer->behind_ns = 0;
    if (next != 0 && !timer->absolute) {
        next += call.kernel.signal_timers().now(call.process, *timer);
    } else if (next != 0 && timer->clock == TimerClock::Monotonic) {
        next = to_host_time(call, timer->boottime ? kClockBoottime : kClockMonotonic, next);
    } else if (next != 0 && timer->clock == TimerClock::Realtime) {
        const std::uint64_t epoch = call.kernel.clock().realtime_base().epoch_ns;
        timer->behind_ns = next < epoch ? epoch - next : 0;
        next = std::max<std::uint64_t>(next > epoch ? next - epoch : 0, 1);
    }
    timer->overrun = 0;
    call.kernel.signal_timers().set_posix(call.process, *timer, next, interval);
    if (call.args[3] != 0 && !memory.put(call.address(3), old)) return Errno::Fault;
    return 0;
}

SysOutcome sys_timer_getoverrun(SysCall& call) {
    const PosixTimer* timer = timer_of(call);
    if (timer == nullptr) return Errno::Inval;
    return timer->overrun;
}

SysOutcome sys_timer_delete(SysCall& call) {
    PosixTimer* timer = timer_of(call);
    if (timer == nullptr) return Errno::Inval;
    call.kernel.signal_timers().set_posix(call.process, *timer, 0, 0);
    call.process.posix_timers.erase(timer->id);
    return 0;
}

constexpr SyscallRow kTimerRows[] = {
    {102, "getitimer", sys_getitimer, Support::Full, KernelPath::SysTimer, {}},
    {103, "setitimer", sys_setitimer, Support::Full, KernelPath::SysTimer, {}},
    {107, "timer_create", sys_timer_create, Support::Full, KernelPath::SysTimer, {}, Errno::Again},
    {108, "timer_gettime", sys_timer_gettime, Support::Full, KernelPath::SysTimer, {}},
    {109, "timer_getoverrun", sys_timer_getoverrun, Support::Full, KernelPath::SysTimer, {}},
    {110, "timer_settime", sys_timer_settime, Support::Full, KernelPath::SysTimer, {}},
    {111, "timer_delete", sys_timer_delete, Support::Full, KernelPath::SysTimer, {}},
};

}  // namespace

std::span<const SyscallRow> timer_syscalls() {
    return kTimerRows;
}

}  // namespace uprobesim
