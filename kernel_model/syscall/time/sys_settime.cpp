// SPDX-License-Identifier: GPL-2.0-or-later
// Setting and adjusting CLOCK_REALTIME. What adjtimex is given is kept; no clock is slewed.
#include <algorithm>

#include "kernel_model/abi/calls/timex.h"
#include "kernel_model/abi/clock.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

// do_settimeofday64
SysResult<void> set_realtime(SysCall& call, std::uint64_t now_ns) {
    Clock& clock = call.kernel.clock();
    if (now_ns < clock.monotonic_ns()) return tl::make_unexpected(Errno::Inval);
    RealTimeBase& base = clock.realtime_base();
    const std::uint64_t epoch = now_ns - clock.monotonic_ns();
    const auto moved = static_cast<std::int64_t>(epoch - base.epoch_ns);
    base.epoch_ns = epoch;
    ++base.times_set;
    call.kernel.processes().epoch_changed(epoch);
    call.kernel.signal_timers().realtime_set(moved);
    base.was_set.wake();
    return {};
}

// timespec64_valid_settod: thirty years are to be left.
constexpr std::int64_t kMostSeconds = kMaxSeconds - std::int64_t{30} * 365 * 24 * 3600;

// do_sys_settimeofday64: `time` and `zone` may be null.
SysResult<void> set_time(SysCall& call, const TimeSpec* time,
                         const std::array<std::int32_t, 2>* zone) {
    constexpr std::int32_t kMostWest = 15 * 60;
    if (time != nullptr &&
        (time->seconds < 0 || time->seconds >= kMostSeconds || time->nanoseconds < 0 ||
         time->nanoseconds >= static_cast<std::int64_t>(kNsPerSecond)))
        return tl::make_unexpected(Errno::Inval);
    if (!call.capable(Capability::SysTime)) return tl::make_unexpected(Errno::Perm);
    if (zone != nullptr) {
        if ((*zone)[0] > kMostWest || (*zone)[0] < -kMostWest)
            return tl::make_unexpected(Errno::Inval);
        call.kernel.clock().settings().zone = *zone;
    }
    if (time == nullptr) return {};
    return set_realtime(call, static_cast<std::uint64_t>(time->seconds) * kNsPerSecond +
                                  static_cast<std::uint64_t>(time->nanoseconds));
}

SysOutcome sys_clock_settime(SysCall& call) {
    const std::int32_t id = call.int32(0);
    const bool cpu_clock = id < 0 && (id & kCpuclockClockMask) != kCpuclockMax;
    if (id != kClockRealtime && !cpu_clock) return Errno::Inval;
    const auto time = call.memory().get<TimeSpec>(call.address(1));
    if (!time) return Errno::Fault;
    if (cpu_clock) return Errno::Perm;  // posix_cpu_clock_set
    return set_time(call, &*time, nullptr);
}

SysOutcome sys_settimeofday(SysCall& call) {
    UserMemory memory = call.memory();
    TimeSpec time;
    std::array<std::int32_t, 2> zone{};
    if (call.args[0] != 0) {
        const auto given = memory.get<TimeVal>(call.address(0));
        if (!given) return Errno::Fault;
        if (given->microseconds < 0 || given->microseconds > 1'000'000) return Errno::Inval;
        time = {given->seconds, given->microseconds * 1000};
    }
    if (call.args[1] != 0) {
        const auto given = memory.get<std::array<std::int32_t, 2>>(call.address(1));
        if (!given) return Errno::Fault;
        zone = *given;
    }
    return set_time(call, call.args[0] != 0 ? &time : nullptr, call.args[1] != 0 ? &zone : nullptr);
}

// --- adjtimex

struct TimeXBytes {  // struct timex
    std::uint32_t modes = 0, pad = 0;
    std::int64_t offset = 0, frequency = 0, max_error = 0, estimated_error = 0;
    std::int32_t status = 0, pad2 = 0;
    std::int64_t constant = 0, precision = 1, tolerance = 32'768'000;
    TimeVal time;
    std::int64_t tick = 0, pps_frequency = 0, jitter = 0;
    std::int32_t shift = 0, pad3 = 0;
    std::int64_t stability = 0, jitters = 0, calibrations = 0, errors = 0, exceeded = 0;
    std::int32_t tai = 0;
    std::array<std::int32_t, 11> rest{};
};
static_assert(sizeof(TimeXBytes) == 208);

// timekeeping_validate_timex
SysResult<void> check(const SysCall& call, const TimeXBytes& x) {
    constexpr std::int64_t kLeastTick = 9'000, kMostTick = 11'000;
    const bool allowed = call.capable(Capability::SysTime);
    if ((x.modes & kAdjSingle) != 0) {
        if ((x.modes & kAdjOffset) == 0) return tl::make_unexpected(Errno::Inval);
        if ((x.modes & kAdjReadOnly) == 0 && !allowed) return tl::make_unexpected(Errno::Perm);
    } else {
        if (x.modes != 0 && !allowed) return tl::make_unexpected(Errno::Perm);
        if ((x.modes & kAdjTick) != 0 && (x.tick < kLeastTick || x.tick > kMostTick))
            return tl::make_unexpected(Errno::Inval);
    }
    if ((x.modes & kAdjSetOffset) != 0) {
        const std::int64_t second =
            (x.modes & kAdjNano) != 0 ? static_cast<std::int64_t>(kNsPerSecond) : 1'000'000;
        if (!allowed) return tl::make_unexpected(Errno::Perm);
        if (x.time.microseconds < 0 || x.time.microseconds >= second)
            return tl::make_unexpected(Errno::Inval);
    }
    return {};
}

// process_adjtimex_modes
void take(ClockSettings& s, const TimeXBytes& x) {
    constexpr std::int64_t kPhaseLimit = 16'000'000, kMostFrequency = 32'768'000, kMostConst = 10;
    if ((x.modes & kAdjStatus) != 0)
        s.status = (s.status & kStaReadOnly) | (x.status & ~kStaReadOnly);
    if ((x.modes & kAdjNano) != 0) s.status |= kStaNano;
    if ((x.modes & kAdjMicro) != 0) s.status &= ~kStaNano;
    if ((x.modes & kAdjFrequency) != 0)
        s.frequency = std::clamp(x.frequency, -kMostFrequency, kMostFrequency);
    if ((x.modes & kAdjMaxError) != 0)
        s.max_error = std::clamp<std::int64_t>(x.max_error, 0, kPhaseLimit);
    if ((x.modes & kAdjEstError) != 0)
        s.estimated_error = std::clamp<std::int64_t>(x.estimated_error, 0, kPhaseLimit);
    if ((x.modes & kAdjTimeConst) != 0) {
        s.constant = std::clamp<std::int64_t>(x.constant, 0, kMostConst);
        if ((s.status & kStaNano) == 0) s.constant = std::min(s.constant + 4, kMostConst);
    }
    if ((x.modes & kAdjTai) != 0 && x.constant >= 0) s.tai = static_cast<std::int32_t>(x.constant);
    // ntp_update_offset
    if ((x.modes & kAdjOffset) != 0 && (s.status & kStaPll) != 0) s.offset = x.offset;
    if ((x.modes & kAdjTick) != 0) s.tick_us = x.tick;
}

SysOutcome adjust(SysCall& call, VAddr at) {
    UserMemory memory = call.memory();
    const auto given = memory.get<TimeXBytes>(at);
    if (!given) return Errno::Fault;
    TRY(check(call, *given));
    Clock& clock = call.kernel.clock();
    ClockSettings& settings = clock.settings();
    if ((given->modes & kAdjSetOffset) != 0) {
        const std::int64_t unit = (given->modes & kAdjNano) != 0 ? 1 : 1000;
        constexpr auto kSecond = static_cast<std::int64_t>(kNsPerSecond);
        const auto now = static_cast<std::int64_t>(clock.realtime_ns());
        const std::int64_t part = now % kSecond + given->time.microseconds * unit;
        const std::int64_t seconds = now / kSecond + part / kSecond +
                                     std::clamp(given->time.seconds, -kMaxSeconds, kMaxSeconds);
        if (seconds < 0 || seconds >= kMostSeconds) return Errno::Inval;
        TRY(set_realtime(call, static_cast<std::uint64_t>(seconds * kSecond + part % kSecond)));
    }
    TimeXBytes told;
    told.modes = given->modes;
    if ((given->modes & kAdjSingle) != 0) {
        told.offset = settings.adjust_us;
        if ((given->modes & kAdjReadOnly) == 0) settings.adjust_us = given->offset;
    } else {
        take(settings, *given);
        told.offset = settings.offset;
    }
    const bool nano = (settings.status & kStaNano) != 0;
    told.frequency = settings.frequency;
    told.max_error = settings.max_error;
    told.estimated_error = settings.estimated_error;
    told.status = settings.status;
    told.constant = settings.constant;
    told.tick = settings.tick_us;
    told.tai = settings.tai;
    const std::uint64_t now = clock.realtime_ns();
    told.time = to_timeval(now);
    if (nano) told.time.microseconds = static_cast<std::int64_t>(now % kNsPerSecond);
    if (!memory.put(at, told)) return Errno::Fault;
    return (settings.status & kStaUnsync) != 0 ? kTimeError : kTimeOk;
}

SysOutcome sys_adjtimex(SysCall& call) {
    return adjust(call, call.address(0));
}

SysOutcome sys_clock_adjtime(SysCall& call) {
    const std::int32_t id = call.int32(0);
    if (!call.memory().get<TimeXBytes>(call.address(1))) return Errno::Fault;
    if (id == kClockRealtime) return adjust(call, call.address(1));
    const bool known = (id >= 0 && id <= kClockTai && id != kClockTai - 1) ||
                       (id < 0 && (id & kClockfdMask) != kClockfd);
    return known ? Errno::NotSup : Errno::Inval;
}

constexpr std::string_view kNoSlewing = "kept and told; no clock is slewed";

constexpr SyscallRow kSettimeRows[] = {
    {112, "clock_settime", sys_clock_settime, Support::Full, KernelPath::SysClock, {}},
    {170, "settimeofday", sys_settimeofday, Support::Full, KernelPath::SysClock, {}},
    {171, "adjtimex", sys_adjtimex, Support::Partial, KernelPath::SysClock, kNoSlewing},
    {266, "clock_adjtime", sys_clock_adjtime, Support::Partial, KernelPath::SysClock, kNoSlewing},
};

}  // namespace

std::span<const SyscallRow> settime_syscalls() {
    return kSettimeRows;
}

}  // namespace uprobesim
