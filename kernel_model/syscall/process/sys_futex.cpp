// SPDX-License-Identifier: GPL-2.0-or-later
// futex(2), and the list of locks that a dying task leaves.
#include <algorithm>

#include "kernel_model/abi/futex.h"
#include "kernel_model/syscall/process/futex_args.h"
#include "kernel_model/syscall/time_args.h"
#include "kernel_model/task/trace_access.h"
#include "sim/base/try.h"

namespace uprobesim {

using namespace abi;

// get_futex_key: of a word that is private to the process nothing but the address counts; another
// must be mapped.
SysResult<FutexKey> futex_key_at(SysCall& call, VAddr address, bool is_private, bool written) {
    if (address.value % 4 != 0) return tl::make_unexpected(Errno::Inval);
    if (call.accessed(address) >= Mm::kTaskSize) return tl::make_unexpected(Errno::Fault);
    if (!is_private) {
        const Vma* vma = call.process.mm->find(call.accessed(address));
        if (vma == nullptr || !(written ? vma->prot.write : vma->prot.read) ||
            (vma->marks & mark::kSecret) != 0)
            return tl::make_unexpected(Errno::Fault);
    }
    return futex_key(*call.process.mm, address, is_private);
}
SysResult<std::optional<std::uint64_t>> futex_timeout(SysCall& call, FutexTimeout kind, VAddr at) {
    if (kind == FutexTimeout::None || at == VAddr(0)) return std::nullopt;
    UserMemory memory = call.memory();
    const auto given = TRY(read_duration(memory, at));
    if (kind == FutexTimeout::Relative) return given;
    const std::uint64_t now =
        kind == FutexTimeout::AbsoluteRealtime
            ? call.kernel.clock().realtime_ns()
            : call.kernel.clock().monotonic_ns() +
                  static_cast<std::uint64_t>(clock_offset(call, kClockMonotonic));
    return given > now ? given - now : 0;
}

namespace {
// Values of the word under priority inheritance.
constexpr std::uint32_t kOne = 1;

SysResult<FutexKey> key_of(SysCall& call, std::size_t argument, bool written = false) {
    return futex_key_at(call, call.address(argument), (call.uint32(1) & kFutexPrivateFlag) != 0,
                        written);
}

// A signal makes FUTEX_WAIT return ERESTARTSYS, or ERESTART_RESTARTBLOCK if it has a timeout, and
// FUTEX_LOCK_PI ERESTARTNOINTR.
Block block(const SysCall& call) {
    if (call.task.futex->holder) return Block{Interrupted::RestartNoIntr};
    const bool timed = call.task.wait_deadline_ns != kNoDeadline;
    return Block{timed ? Interrupted::RestartBlock : Interrupted::RestartSys};
}

// The task waits until it is woken; `on_end` is what the call answers then.
SysOutcome wait_on_word(SysCall& call, const FutexKey& key, std::uint32_t bitset,
                        std::optional<TaskId> holder, const std::optional<std::uint64_t>& timeout) {
    if (timeout && deadline_passed(call, *timeout)) return Errno::TimedOut;
    call.task.futex =
        FutexWait{.key = key, .bitset = bitset, .holder = holder, .word = call.address(0)};
    call.kernel.futexes().add(call.task);
    return block(call);
}

// Entered again: woken, out of time, or for a signal.
SysOutcome still_waiting(SysCall& call) {
    if (call.task.futex->woken) return 0;
    const bool over = call.kernel.clock().monotonic_ns() >= call.task.wait_deadline_ns;
    return over ? SysOutcome(Errno::TimedOut) : SysOutcome(block(call));
}

SysOutcome wait(SysCall& call, std::uint32_t bitset, FutexTimeout kind) {
    call.path = KernelPath::SysFutexWait;
    if (call.task.futex) return still_waiting(call);
    if (bitset == 0) return Errno::Inval;
    const auto timeout = TRY(futex_timeout(call, kind, call.address(3)));
    const FutexKey key = TRY(key_of(call, 0));
    const auto value = call.memory().get<std::uint32_t>(call.address(0));
    if (!value) return Errno::Fault;
    if (*value != call.uint32(2)) {
        call.path = KernelPath::SysFutex;
        return Errno::Again;
    }
    return wait_on_word(call, key, bitset, std::nullopt, timeout);
}

SysOutcome wake(SysCall& call, std::uint32_t bitset) {
    if (bitset == 0) return Errno::Inval;
    const FutexKey key = TRY(key_of(call, 0));
    // A count below one wakes one, as the kernel's loop does.
    const auto most = static_cast<std::uint32_t>(std::max(call.int32(2), 1));
    if (waits_for_lock(call.kernel.futexes().first_wait(key))) return Errno::Inval;
    return std::uint64_t{call.kernel.futexes().wake(key, most, bitset)};
}

SysOutcome requeue(SysCall& call, bool compares) {
    if (call.int32(2) < 0 || call.int32(3) < 0) return Errno::Inval;
    const FutexKey from = TRY(key_of(call, 0)), to = TRY(key_of(call, 4));
    if (compares) {
        const auto value = call.memory().get<std::uint32_t>(call.address(0));
        if (!value) return Errno::Fault;
        if (*value != call.uint32(5)) return Errno::Again;
    }
    return requeue_waiters(call, from, to);
}

// FUTEX_OP: bits 31-28 what to do, 27-24 what to compare, 23-12 and 11-0 the operands.
SysOutcome wake_op(SysCall& call) {
    const FutexKey first = TRY(key_of(call, 0)), other = TRY(key_of(call, 4, true));
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
    std::uint64_t woken = futexes.wake(first, std::max(call.uint32(2), kOne));
    if (second) woken += futexes.wake(other, std::max(call.uint32(3), kOne));
    return woken;
}

// --- locks with an owner in the word. Priorities are not modelled, so none is inherited; the
// hand-over is modelled.

// The task that a word names by its number; null: there is none.
const Task* owner_named(const SysCall& call, std::uint32_t number) {
    return call.find_task(static_cast<std::int32_t>(number));
}

SysOutcome lock_pi(SysCall& call, bool tries, FutexTimeout kind) {
    call.path = KernelPath::SysFutexWait;
    if (call.task.futex) return still_waiting(call);
    const auto timeout = TRY(futex_timeout(call, kind, call.address(3)));
    const FutexKey key = TRY(key_of(call, 0, true));
    UserMemory memory = call.memory();
    const auto value = memory.get<std::uint32_t>(call.address(0));
    if (!value) return Errno::Fault;
    const auto self = static_cast<std::uint32_t>(call.task.pid().own());
    const std::uint32_t owner = *value & kFutexTidMask;
    if (owner == self) return Errno::Deadlk;
    if (owner == 0) {
        const bool others = call.kernel.futexes().first(key) != nullptr;
        if (!memory.put(call.address(0),
                        self | (*value & kFutexOwnerDied) | (others ? kFutexWaiters : 0)))
            return Errno::Fault;
        return 0;
    }
    const Task* const holder = owner_named(call, owner);
    if (holder == nullptr) return Errno::Srch;
    if (!memory.put(call.address(0), *value | kFutexWaiters)) return Errno::Fault;
    if (tries) return Errno::Again;
    return wait_on_word(call, key, kFutexBitsetMatchAny, holder->id, timeout);
}

SysOutcome unlock_pi(SysCall& call) {
    UserMemory memory = call.memory();
    const auto value = memory.get<std::uint32_t>(call.address(0));
    if (!value) return Errno::Fault;
    if ((*value & kFutexTidMask) != static_cast<std::uint32_t>(call.task.pid().own()))
        return Errno::Perm;
    Futexes& futexes = call.kernel.futexes();
    const FutexKey key = TRY(key_of(call, 0, true));
    const FutexWait* next = futexes.first_wait(key);
    if (next == nullptr) {
        if (!memory.put(call.address(0), std::uint32_t{0})) return Errno::Fault;
        return 0;
    }
    if (!next->holder) return Errno::Inval;
    futexes.hand_over(key, 0);
    return 0;
}

// --- waiters that are moved to a lock, as condition variables with priority inheritance do

SysOutcome wait_requeue_pi(SysCall& call, FutexTimeout kind) {
    call.path = KernelPath::SysFutexWait;
    if (call.task.futex) return still_waiting(call);
    const auto timeout = TRY(futex_timeout(call, kind, call.address(3)));
    if (call.args[0] == call.args[4]) return Errno::Inval;
    const FutexKey lock = TRY(key_of(call, 4, true)), key = TRY(key_of(call, 0));
    const auto value = call.memory().get<std::uint32_t>(call.address(0));
    if (!value) return Errno::Fault;
    if (*value != call.uint32(2)) return Errno::Again;
    if (key == lock) return Errno::Inval;
    if (timeout && deadline_passed(call, *timeout)) return Errno::TimedOut;
    call.task.futex =
        FutexWait{.key = key, .word = call.address(0), .requeue_to = lock, .lock = call.address(4)};
    call.kernel.futexes().add(call.task);
    return Block{Interrupted::RestartNoIntr};
}

// futex_requeue: the first waiter gets the lock where it is free, the others wait for it.
SysOutcome cmp_requeue_pi(SysCall& call) {
    if (call.int32(2) < 0 || call.int32(3) < 0) return Errno::Inval;
    if (call.args[0] == call.args[4]) return Errno::Inval;
    if (call.int32(2) != 1) return Errno::Inval;
    const FutexKey from = TRY(key_of(call, 0)), lock = TRY(key_of(call, 4, true));
    if (from == lock) return Errno::Inval;
    UserMemory memory = call.memory();
    const auto value = memory.get<std::uint32_t>(call.address(0));
    if (!value) return Errno::Fault;
    if (*value != call.uint32(5)) return Errno::Again;
    Futexes& futexes = call.kernel.futexes();
    std::uint64_t moved = 0;
    for (; moved <= call.uint32(3); ++moved) {
        const FutexWait* wait = futexes.first_wait(from);
        if (wait == nullptr) break;
        if (wait->requeue_to != lock) return Errno::Inval;
        const auto word = memory.get<std::uint32_t>(call.address(4));
        if (!word) return Errno::Fault;
        const std::uint32_t owner = *word & kFutexTidMask;
        if (owner == 0) {
            const auto next = static_cast<std::uint32_t>(wait->task->pid().own());
            const bool others = futexes.first(lock) != nullptr;
            if (!memory.put(call.address(4), next | (others ? kFutexWaiters : 0)))
                return Errno::Fault;
            futexes.wake(from, 1);
            continue;
        }
        const Task* const holder = owner_named(call, owner);
        if (holder == nullptr) return Errno::Srch;
        if (!memory.put(call.address(4), *word | kFutexWaiters)) return Errno::Fault;
        futexes.requeue_to_lock(from, lock, holder->id);
    }
    return moved;
}

SysOutcome sys_futex(SysCall& call) {
    const std::uint32_t op = call.uint32(1) & ~(kFutexPrivateFlag | kFutexClockRealtime);
    const bool realtime = (call.uint32(1) & kFutexClockRealtime) != 0;
    if (realtime && op != kFutexWaitBitset && op != kFutexLockPi2 && op != kFutexWaitRequeuePi)
        return Errno::NoSys;
    const FutexTimeout absolute =
        realtime ? FutexTimeout::AbsoluteRealtime : FutexTimeout::Absolute;
    switch (op) {
        case kFutexWait: return wait(call, kFutexBitsetMatchAny, FutexTimeout::Relative);
        case kFutexWaitBitset: return wait(call, call.uint32(5), absolute);
        case kFutexWake: return wake(call, kFutexBitsetMatchAny);
        case kFutexWakeBitset: return wake(call, call.uint32(5));
        case kFutexRequeue: return requeue(call, false);
        case kFutexCmpRequeue: return requeue(call, true);
        case kFutexWakeOp: return wake_op(call);
        case kFutexLockPi: return lock_pi(call, false, FutexTimeout::AbsoluteRealtime);
        case kFutexLockPi2: return lock_pi(call, false, absolute);
        case kFutexTrylockPi: return lock_pi(call, true, FutexTimeout::None);
        case kFutexUnlockPi: return unlock_pi(call);
        case kFutexWaitRequeuePi: return wait_requeue_pi(call, absolute);
        case kFutexCmpRequeuePi: return cmp_requeue_pi(call);
        default: return Errno::NoSys;
    }
}

constexpr std::uint64_t kRobustHeadSize = 24;

SysOutcome sys_set_robust_list(SysCall& call) {
    if (call.args[1] != kRobustHeadSize) return Errno::Inval;
    call.task.robust_list = call.address(0);
    return 0;
}

SysOutcome sys_get_robust_list(SysCall& call) {
    const Task* task = call.task_of(call.int32(0));
    if (task == nullptr) return Errno::Srch;
    if (!may_access(call.task, *task)) return Errno::Perm;
    UserMemory memory = call.memory();
    if (!memory.put(call.address(2), kRobustHeadSize)) return Errno::Fault;
    if (!memory.put(call.address(1), task->robust_list.value)) return Errno::Fault;
    return 0;
}

constexpr SyscallRow kFutexRows[] = {
    {98, "futex", sys_futex, Support::Full, KernelPath::SysFutex, {}},
    {99, "set_robust_list", sys_set_robust_list, Support::Full, KernelPath::SysPrctl, {}},
    {100, "get_robust_list", sys_get_robust_list, Support::Full, KernelPath::SysPrctl, {}},
};

}  // namespace

std::span<const SyscallRow> futex_syscalls() {
    return kFutexRows;
}

}  // namespace uprobesim
