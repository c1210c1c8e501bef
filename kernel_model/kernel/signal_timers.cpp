// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/kernel/signal_timers.h"

#include <algorithm>
#include <utility>

#include "kernel_model/abi/clock.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/kernel/kernel.h"

namespace uprobesim {
namespace {

// The number of periods that are over at `now`, the one that ended at `next` included.
std::uint64_t periods(std::uint64_t next, std::uint64_t interval, std::uint64_t now) {
    return interval == 0 ? 1 : (now - next) / interval + 1;
}

bool by_cpu_time(const PosixTimer& timer) {
    return timer.clock == TimerClock::ProcessCpu || timer.clock == TimerClock::TaskCpu;
}

// Where an armed timer of CPU time stands in Process::cpu_timers.
std::tuple<TaskId, std::uint64_t, std::int32_t> place_of(const PosixTimer& timer) {
    return {timer.clock == TimerClock::TaskCpu ? timer.cpu_task : TaskId{}, timer.next_ns,
            timer.id};
}

}  // namespace

void SignalTimers::set_real(Process& process, std::uint64_t next_ns, std::uint64_t interval_ns) {
    IntervalTimer& timer = process.real_timer;
    kernel_.timers().cancel(timer.timer);
    timer = {.next_ns = next_ns, .interval_ns = interval_ns};
    if (next_ns != 0)
        timer.timer = kernel_.timers().arm(next_ns, [this, &process] { real_expired(process); });
}

void SignalTimers::real_expired(Process& process) {
    const IntervalTimer timer = process.real_timer;
    // Missed periods are merged into one signal, as on Linux.
    const std::uint64_t over =
        periods(timer.next_ns, timer.interval_ns, kernel_.clock().monotonic_ns());
    set_real(process, timer.interval_ns == 0 ? 0 : timer.next_ns + over * timer.interval_ns,
             timer.interval_ns);
    kernel_.gate().exception(*process.tasks.begin()->second, ExceptionClass::Irq,
                             Account::Interrupt);
    kernel_.signals().send(process, {.signal = Signal::Alrm, .code = abi::kSiKernel});
}

std::uint64_t SignalTimers::now(const Process& process, const PosixTimer& timer) const {
    switch (timer.clock) {
        case TimerClock::Realtime:
        case TimerClock::Monotonic: return kernel_.clock().monotonic_ns();
        case TimerClock::ProcessCpu: return kernel_.clock().cpu_time(process).total();
        case TimerClock::TaskCpu: break;
    }
    const auto task = process.tasks.find(timer.cpu_task);
    return task == process.tasks.end() ? 0 : kernel_.clock().cpu_time(*task->second).total();
}

void SignalTimers::set_posix(Process& process, PosixTimer& timer, std::uint64_t next_ns,
                             std::uint64_t interval_ns) {
    if (by_cpu_time(timer)) process.cpu_timers.erase(place_of(timer));
    timer.next_ns = next_ns;
    timer.interval_ns = interval_ns;
    timer.armed = {};
    timer.queued = false;
    if (next_ns == 0 || timer.signal == Signal::None) return;
    if (by_cpu_time(timer)) {
        process.cpu_timers.insert(place_of(timer));
        return;
    }
    timer.armed = {kernel_.timers(), kernel_.timers().arm_with_interrupt(
                                         next_ns, [this, pid = process.pid, id = timer.id] {
                                             if (Process* owner = kernel_.processes().find(pid))
                                                 posix_expired(*owner, owner->posix_timers.at(id));
                                         })};
}

// posix_timer_fn: a periodic timer is armed again when its signal is taken.
void SignalTimers::posix_expired(Process& process, PosixTimer& timer) {
    SignalInfo info{.signal = timer.signal,
                    .code = abi::kSiTimer,
                    .pid = timer.id,
                    .uid = 0,
                    .value = timer.value};
    // The timer's own: it takes no more of the limit.
    info.allowance = {std::shared_ptr<const SignalAllowance>(), timer.allowance.get()};
    Task* target = timer.target.value != 0 ? kernel_.processes().find_task(timer.target) : nullptr;
    if (target != nullptr) timer.queued = kernel_.signals().send(*target, info) == Sending::Queued;
    if (timer.target.value == 0)
        timer.queued = kernel_.signals().send(process, info) == Sending::Queued;
    if (timer.queued) return;
    // The signal is ignored: the timer is armed again, but not faster than the tick.
    const std::uint64_t interval = timer.interval_ns;
    const std::uint64_t over = periods(timer.next_ns, interval, now(process, timer) + abi::kTickNs);
    set_posix(process, timer, interval == 0 ? 0 : timer.next_ns + over * interval, interval);
}

void SignalTimers::signal_taken(Task& task, SignalInfo& info) {
    if (info.code != abi::kSiTimer) return;
    Process& process = *task.process;
    const auto it = process.posix_timers.find(info.pid);
    if (it == process.posix_timers.end() || !it->second.queued) return;
    PosixTimer& timer = it->second;
    const std::uint64_t interval = timer.interval_ns;
    const std::uint64_t over = periods(timer.next_ns, interval, now(process, timer));
    const std::uint64_t lost = interval == 0 ? 0 : std::exchange(timer.behind_ns, 0) / interval;
    timer.overrun = std::min<std::uint64_t>(over - 1 + lost, INT32_MAX);
    info.uid = static_cast<std::uint32_t>(timer.overrun);
    set_posix(process, timer, interval == 0 ? 0 : timer.next_ns + over * interval, interval);
}

void SignalTimers::realtime_set(std::int64_t moved_ns) {
    for (const auto& [pid, process] : kernel_.processes().all()) {
        for (auto& [id, timer] : process->posix_timers) {
            if (timer.clock != TimerClock::Realtime || !timer.absolute || timer.next_ns == 0 ||
                timer.queued)
                continue;
            const auto next = static_cast<std::int64_t>(timer.next_ns) - moved_ns;
            set_posix(*process, timer, static_cast<std::uint64_t>(std::max<std::int64_t>(next, 1)),
                      timer.interval_ns);
        }
    }
}

// check_process_timers: at the hard limit the process is killed, from the soft one on it is told
// each second.
void SignalTimers::check_cpu_limit(Process& process) {
    constexpr std::uint64_t kSecond = 1'000'000'000;
    ResourceLimit& limit = process.limits[abi::kRlimitCpu];
    if (limit.soft == abi::kRlimInfinity) return;
    const std::uint64_t used = kernel_.clock().cpu_time(process).total() / kSecond;
    const auto tell = [&](Signal signal) {
        kernel_.signals().send(process, {.signal = signal, .code = abi::kSiKernel});
    };
    if (limit.hard != abi::kRlimInfinity && used >= limit.hard) return tell(Signal::Kill);
    // A limit of 0 is one of a second (update_rlimit_cpu).
    if (used < std::max<std::uint64_t>(limit.soft, 1)) return;
    limit.soft = used + 1;
    tell(Signal::Xcpu);
}

// run_posix_cpu_timers
void SignalTimers::check_cpu_timers(Process& process) {
    check_cpu_limit(process);
    const auto check = [&](CpuTimer& timer, std::uint64_t now, Signal signal) {
        if (timer.next_ns == 0 || now < timer.next_ns) return;
        const std::uint64_t interval = timer.interval_ns;
        timer.next_ns =
            interval == 0 ? 0 : timer.next_ns + periods(timer.next_ns, interval, now) * interval;
        kernel_.signals().send(process, {.signal = signal, .code = abi::kSiKernel});
    };
    if (process.virtual_timer.next_ns != 0)
        check(process.virtual_timer, kernel_.clock().cpu_time(process).user_ns, Signal::Vtalrm);
    if (process.profiling_timer.next_ns != 0)
        check(process.profiling_timer, kernel_.clock().cpu_time(process).total(), Signal::Prof);
    // By clock, the earliest first.
    for (auto it = process.cpu_timers.begin(); it != process.cpu_timers.end();) {
        const auto [clock, next_ns, id] = *it;
        PosixTimer& timer = process.posix_timers.at(id);
        if (now(process, timer) < next_ns) {
            it = process.cpu_timers.lower_bound({TaskId{clock.value + 1}, 0, 0});
            continue;
        }
        process.cpu_timers.erase(it);
        posix_expired(process, timer);
        it = process.cpu_timers.upper_bound({clock, next_ns, id});
    }
}

}  // namespace uprobesim
