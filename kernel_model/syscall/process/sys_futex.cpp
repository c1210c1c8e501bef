// SPDX-License-Identifier: GPL-2.0-or-later
// futex(2), and the list of locks that a dying task leaves.
#include <algorithm>

#include "kernel_model/abi/futex.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

// Values of the word under priority inheritance.
constexpr std::uint32_t kOne = 1;

// How a call says until when it waits.
enum class Timeout { None, Relative, Absolute, AbsoluteRealtime };

FutexKey key_of(SysCall& call, std::size_t argument) {
    return futex_key(*call.process.mm, call.address(argument),
                     (call.uint32(1) & kFutexPrivateFlag) != 0);
}

SysResult<std::optional<std::uint64_t>> read_timeout(SysCall& call, Timeout kind) {
    if (kind == Timeout::None || call.args[3] == 0) return std::nullopt;
    UserMemory memory = call.memory();
    const auto given = TRY(read_duration(memory, call.address(3)));
    if (kind == Timeout::Relative) return given;
    const std::uint64_t now = kind == Timeout::AbsoluteRealtime
                                  ? call.kernel.clock().realtime_ns()
                                  : call.kernel.clock().monotonic_ns();
    return given > now ? given - now : 0;
}

// A signal makes FUTEX_WAIT return ERESTARTSYS, or ERESTART_RESTARTBLOCK if it has a timeout, and
// FUTEX_LOCK_PI ERESTARTNOINTR.
Block block(const SysCall& call) {
    if (call.task.futex->holder) return Block{Interrupted::RestartNoIntr};
    const bool timed = call.task.wait_deadline_ns != kNoDeadline;
    return Block{timed ? Interrupted::RestartNoHand : Interrupted::RestartSys};
}

// The task waits until it is woken; `on_end` is what the call answers then.
SysOutcome wait_on_word(SysCall& call, std::uint32_t bitset, std::optional<TaskId> holder,
                        const std::optional<std::uint64_t>& timeout) {
    if (timeout && deadline_passed(call, *timeout)) return Errno::TimedOut;
    call.task.futex = FutexWait{
        .key = key_of(call, 0), .bitset = bitset, .holder = holder, .word = call.address(0)};
    call.kernel.futexes().add(call.task);
    return block(call);
}

// Entered again: woken, out of time, or for a signal.
SysOutcome still_waiting(SysCall& call) {
    if (call.task.futex->woken) return 0;
    const bool over = call.kernel.clock().monotonic_ns() >= call.task.wait_deadline_ns;
    return over ? SysOutcome(Errno::TimedOut) : SysOutcome(block(call));
}

SysOutcome wait(SysCall& call, std::uint32_t bitset, Timeout kind) {
    call.path = KernelPath::SysFutexWait;
    if (call.task.futex) return still_waiting(call);
    if (bitset == 0) return Errno::Inval;
    const auto timeout = TRY(read_timeout(call, kind));
    const auto value = call.memory().get<std::uint32_t>(call.address(0));
    if (!value) return Errno::Fault;
    if (*value != call.uint32(2)) {
        call.path = KernelPath::SysFutex;
        return Errno::Again;
    }
    return wait_on_word(call, bitset, std::nullopt, timeout);
}

SysOutcome wake(SysCall& call, std::uint32_t bitset) {
    if (bitset == 0) return Errno::Inval;
    // A count below one wakes one, as the kernel's loop does.
    const auto most = static_cast<std::uint32_t>(std::max(call.int32(2), 1));
    const Task* first = call.kernel.futexes().first(key_of(call, 0));
    if (first != nullptr && first->futex->holder) return Errno::Inval;  // it waits for a lock
    return std::uint64_t{call.kernel.futexes().wake(key_of(call, 0), most, bitset)};
}

SysOutcome requeue(SysCall& call, bool compares) {
    if (call.args[4] % 4 != 0) return Errno::Inval;
    if (call.int32(2) < 0 || call.int32(3) < 0) return Errno::Inval;
    if (compares) {
        const auto value = call.memory().get<std::uint32_t>(call.address(0));
        if (!value) return Errno::Fault;
        if (*value != call.uint32(5)) return Errno::Again;
    }
    Futexes& futexes = call.kernel.futexes();
    const FutexKey from = key_of(call, 0);
    const std::uint64_t woken = futexes.wake(from, call.uint32(2));
    return woken + futexes.requeue(from, key_of(call, 4), call.uint32(3));
}

// FUTEX_OP: bits 31-28 what to do, 27-24 what to compare, 23-12 and 11-0 the operands.
SysOutcome wake_op(SysCall& call) {
    const auto code = call.uint32(5);
    const auto extended = [](std::uint32_t twelve) {
        return static_cast<std::int32_t>(twelve << 20) >> 20;
    };
    std::int32_t operand = extended(code >> 12 & 0xfff);
    const std::int32_t compared = extended(code & 0xfff);
    if ((code >> 28 & kFutexOpOpargShift) != 0)
        operand = static_cast<std::int32_t>(1u << (operand & 31));
    UserMemory memory = call.memory();
    const auto old = memory.get<std::int32_t>(call.address(4));
    if (!old) return Errno::Fault;
    std::int32_t now = 0;
    switch (code >> 28 & 7) {
        case kFutexOpSet: now = operand; break;
        case kFutexOpAdd:
            now = static_cast<std::int32_t>(static_cast<std::uint32_t>(*old) +
                                            static_cast<std::uint32_t>(operand));
            break;
        case kFutexOpOr: now = *old | operand; break;
        case kFutexOpAndn: now = *old & ~operand; break;
        case kFutexOpXor: now = *old ^ operand; break;
        default: return Errno::NoSys;
    }
    bool second = false;
    switch (code >> 24 & 15) {
        case kFutexOpCmpEq: second = *old == compared; break;
        case kFutexOpCmpNe: second = *old != compared; break;
        case kFutexOpCmpLt: second = *old < compared; break;
        case kFutexOpCmpLe: second = *old <= compared; break;
        case kFutexOpCmpGt: second = *old > compared; break;
        case kFutexOpCmpGe: second = *old >= compared; break;
        default: return Errno::NoSys;
    }
    if (!memory.put(call.address(4), now)) return Errno::Fault;
    Futexes& futexes = call.kernel.futexes();
    std::uint64_t woken = futexes.wake(key_of(call, 0), std::max(call.uint32(2), kOne));
    if (second) woken += futexes.wake(key_of(call, 4), std::max(call.uint32(3), kOne));
    return woken;
}

// --- locks with an owner in the word. Priorities are not modelled, so none is inherited; the
// hand-over is modelled.

SysOutcome lock_pi(SysCall& call, bool tries, Timeout kind) {
    call.path = KernelPath::SysFutexWait;
    if (call.task.futex) return still_waiting(call);
    UserMemory memory = call.memory();
    const auto value = memory.get<std::uint32_t>(call.address(0));
    if (!value) return Errno::Fault;
    const auto self = static_cast<std::uint32_t>(call.task.id.value);
    const std::uint32_t owner = *value & kFutexTidMask;
    if (owner == self) return Errno::Deadlk;
    if (owner == 0) {
        const bool others = call.kernel.futexes().first(key_of(call, 0)) != nullptr;
        if (!memory.put(call.address(0),
                        self | (*value & kFutexOwnerDied) | (others ? kFutexWaiters : 0)))
            return Errno::Fault;
        return 0;
    }
    if (tries) return Errno::Again;
    if (call.kernel.processes().find_task(TaskId{static_cast<std::int32_t>(owner)}) == nullptr)
        return Errno::Srch;
    const auto timeout = TRY(read_timeout(call, kind));
    if (!memory.put(call.address(0), *value | kFutexWaiters)) return Errno::Fault;
    return wait_on_word(call, kFutexBitsetMatchAny, TaskId{static_cast<std::int32_t>(owner)},
                        timeout);
}

SysOutcome unlock_pi(SysCall& call) {
    UserMemory memory = call.memory();
    const auto value = memory.get<std::uint32_t>(call.address(0));
    if (!value) return Errno::Fault;
    if ((*value & kFutexTidMask) != static_cast<std::uint32_t>(call.task.id.value))
        return Errno::Perm;
    Futexes& futexes = call.kernel.futexes();
    const FutexKey key = key_of(call, 0);
    const Task* next = futexes.first(key);
    if (next == nullptr) {
        if (!memory.put(call.address(0), std::uint32_t{0})) return Errno::Fault;
        return 0;
    }
    if (!next->futex->holder) return Errno::Inval;
    futexes.hand_over(key, 0);
    return 0;
}

SysOutcome sys_futex(SysCall& call) {
    const std::uint32_t op = call.uint32(1) & ~(kFutexPrivateFlag | kFutexClockRealtime);
    const bool realtime = (call.uint32(1) & kFutexClockRealtime) != 0;
    if (realtime && op != kFutexWaitBitset && op != kFutexLockPi2) return Errno::NoSys;
    if (call.args[0] % 4 != 0) return Errno::Inval;
    if (call.accessed(call.address(0)) >= Mm::kTaskSize) return Errno::Fault;
    const Timeout absolute = realtime ? Timeout::AbsoluteRealtime : Timeout::Absolute;
    switch (op) {
        case kFutexWait: return wait(call, kFutexBitsetMatchAny, Timeout::Relative);
        case kFutexWaitBitset: return wait(call, call.uint32(5), absolute);
        case kFutexWake: return wake(call, kFutexBitsetMatchAny);
        case kFutexWakeBitset: return wake(call, call.uint32(5));
        case kFutexRequeue: return requeue(call, false);
        case kFutexCmpRequeue: return requeue(call, true);
        case kFutexWakeOp: return wake_op(call);
        case kFutexLockPi: return lock_pi(call, false, Timeout::AbsoluteRealtime);
        case kFutexLockPi2: return lock_pi(call, false, absolute);
        case kFutexTrylockPi: return lock_pi(call, true, Timeout::None);
        case kFutexUnlockPi: return unlock_pi(call);
        default:
            call.kernel.counters().note_unmodelled(
                "futex", "requeueing to locks with priority inheritance is answered ENOSYS");
            return Errno::NoSys;
    }
}

constexpr std::uint64_t kRobustHeadSize = 24;

SysOutcome sys_set_robust_list(SysCall& call) {
    if (call.args[1] != kRobustHeadSize) return Errno::Inval;
    call.task.robust_list = call.address(0);
    return 0;
}

SysOutcome sys_get_robust_list(SysCall& call) {
    const Task* task =
        call.int32(0) == 0 ? &call.task : call.kernel.processes().find_task(TaskId{call.int32(0)});
    if (task == nullptr) return Errno::Srch;
    UserMemory memory = call.memory();
    if (!memory.put(call.address(2), kRobustHeadSize)) return Errno::Fault;
    if (!memory.put(call.address(1), task->robust_list.value)) return Errno::Fault;
    return 0;
}

constexpr SyscallRow kRows[] = {
    {98, "futex", sys_futex, Support::Full, KernelPath::SysFutex, {}},
    {99, "set_robust_list", sys_set_robust_list, Support::Full, KernelPath::SysPrctl, {}},
    {100, "get_robust_list", sys_get_robust_list, Support::Full, KernelPath::SysPrctl, {}},
};

}  // namespace

std::span<const SyscallRow> futex_syscalls() {
    return kRows;
}

}  // namespace uprobesim
