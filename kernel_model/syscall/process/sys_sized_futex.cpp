// SPDX-License-Identifier: GPL-2.0-or-later
// futex_waitv, futex_wake, futex_wait and futex_requeue, which name the size of each word
// (kernel/futex/syscalls.c).
#include <algorithm>
#include <vector>

#include "kernel_model/abi/clock.h"
#include "kernel_model/abi/futex.h"
#include "kernel_model/syscall/process/futex_args.h"
#include "kernel_model/syscall/time_args.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

// FUTEX2_VALID_MASK, futex_flags_valid: words of 32 bits alone.
bool known_flags(std::uint32_t flags) {
    return (flags & ~(kFutex2SizeMask | kFutexPrivateFlag)) == 0 &&
           (flags & kFutex2SizeMask) == kFutex2SizeU32;
}
// futex_validate_input
bool fits(std::uint64_t value) {
    return value <= ~std::uint32_t{0};
}

// futex2_setup_timeout
SysResult<std::optional<std::uint64_t>> timeout_by_clock(SysCall& call, VAddr at,
                                                         std::int32_t clock) {
    if (at == VAddr(0)) return std::nullopt;
    if (clock != kClockRealtime && clock != kClockMonotonic)
        return tl::make_unexpected(Errno::Inval);
    return futex_timeout(
        call, clock == kClockRealtime ? FutexTimeout::AbsoluteRealtime : FutexTimeout::Absolute,
        at);
}

struct WaitEntry {  // struct futex_waitv
    std::uint64_t value, address;
    std::uint32_t flags, reserved;
};
static_assert(sizeof(WaitEntry) == 24);
constexpr std::uint64_t kMostWaits = 128;

// futex_parse_waitv.
SysResult<std::vector<WaitEntry>> entries_of(SysCall& call, std::uint64_t count) {
    std::vector<WaitEntry> entries;
    UserMemory memory = call.memory();
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto entry = memory.get<WaitEntry>(call.address(0) + i * sizeof(WaitEntry));
        if (!entry) return tl::make_unexpected(Errno::Fault);
        if (!known_flags(entry->flags) || entry->reserved != 0 || !fits(entry->value))
            return tl::make_unexpected(Errno::Inval);
        entries.push_back(*entry);
    }
    return entries;
}

SysResult<FutexKey> key_of_entry(SysCall& call, const WaitEntry& entry) {
    return futex_key_at(call, VAddr(entry.address), (entry.flags & kFutexPrivateFlag) != 0);
}

// futex_wait_multiple_setup, without the values.
SysResult<std::vector<FutexWait>> words_of(SysCall& call, const std::vector<WaitEntry>& entries) {
    std::vector<FutexWait> waits;
    waits.reserve(entries.size());
    for (const WaitEntry& entry : entries)
        waits.push_back({.key = TRY(key_of_entry(call, entry)), .word = VAddr(entry.address)});
    return waits;
}

SysOutcome woken_word(SysCall& call) {
    const auto& waits = call.task.futexes;
    const auto woken = std::ranges::find_if(waits, &FutexWait::woken);
    if (woken != waits.end()) return static_cast<std::uint64_t>(woken - waits.begin());
    if (call.kernel.clock().monotonic_ns() >= call.task.wait_deadline_ns) return Errno::TimedOut;
    return Block{Interrupted::RestartSys};
}

SysOutcome sys_futex_waitv(SysCall& call) {
    if (!call.task.futexes.empty()) return woken_word(call);
    if (call.uint32(2) != 0 || call.uint32(1) == 0 || call.uint32(1) > kMostWaits ||
        call.args[0] == 0)
        return Errno::Inval;
    const auto timeout = TRY(timeout_by_clock(call, call.address(3), call.int32(4)));
    const std::vector<WaitEntry> entries = TRY(entries_of(call, call.uint32(1)));
    std::vector<FutexWait> waits = TRY(words_of(call, entries));
    for (const WaitEntry& entry : entries) {
        const auto value = call.memory().get<std::uint32_t>(VAddr(entry.address));
        if (!value) return Errno::Fault;
        if (*value != static_cast<std::uint32_t>(entry.value)) return Errno::Again;
    }
    if (timeout && deadline_passed(call, *timeout)) return Errno::TimedOut;
    call.task.futexes = std::move(waits);
    call.kernel.futexes().add(call.task);
    return Block{Interrupted::RestartSys};
}

SysOutcome sys_futex_wake(SysCall& call) {
    const auto bitset = call.uint32(1);
    if (!known_flags(call.uint32(3)) || !fits(call.args[1]) || bitset == 0) return Errno::Inval;
    const FutexKey key =
        TRY(futex_key_at(call, call.address(0), (call.uint32(3) & kFutexPrivateFlag) != 0));
    // FLAGS_STRICT: unlike of futex(2), no task is woken where none was asked for.
    if (call.int32(2) == 0) return 0;
    Futexes& futexes = call.kernel.futexes();
    if (waits_for_lock(futexes.first_wait(key))) return Errno::Inval;
    return std::uint64_t{
        futexes.wake(key, static_cast<std::uint32_t>(std::max(call.int32(2), 1)), bitset)};
}

SysOutcome sys_futex_wait(SysCall& call) {
    if (!call.task.futexes.empty()) {
        const SysOutcome woken = woken_word(call);
        return woken;
    }
    const std::uint32_t flags = call.uint32(3), bitset = call.uint32(2);
    if (!known_flags(flags) || !fits(call.args[1]) || !fits(call.args[2])) return Errno::Inval;
    const auto timeout = TRY(timeout_by_clock(call, call.address(4), call.int32(5)));
    if (bitset == 0) return Errno::Inval;
    const FutexKey key = TRY(futex_key_at(call, call.address(0), (flags & kFutexPrivateFlag) != 0));
    const auto value = call.memory().get<std::uint32_t>(call.address(0));
    if (!value) return Errno::Fault;
    if (*value != call.uint32(1)) return Errno::Again;
    if (timeout && deadline_passed(call, *timeout)) return Errno::TimedOut;
    // As a wait for one of several words, of which there is one.
    call.task.futexes = {FutexWait{.key = key, .bitset = bitset, .word = call.address(0)}};
    call.kernel.futexes().add(call.task);
    return Block{Interrupted::RestartSys};
}

SysOutcome sys_futex_requeue(SysCall& call) {
    if (call.uint32(1) != 0 || call.args[0] == 0) return Errno::Inval;
    const std::vector<WaitEntry> entries = TRY(entries_of(call, 2));
    if (call.int32(2) < 0 || call.int32(3) < 0) return Errno::Inval;
    const FutexKey from = TRY(key_of_entry(call, entries[0])),
                   to = TRY(key_of_entry(call, entries[1]));
    const auto value = call.memory().get<std::uint32_t>(VAddr(entries[0].address));
    if (!value) return Errno::Fault;
    if (*value != static_cast<std::uint32_t>(entries[0].value)) return Errno::Again;
    return requeue_waiters(call, from, to);
}

constexpr SyscallRow kSizedFutexRows[] = {
    {449,
     "futex_waitv",
     sys_futex_waitv,
     Support::Full,
     KernelPath::SysFutexWait,
     {},
     Errno::NoMem},
    {454, "futex_wake", sys_futex_wake, Support::Full, KernelPath::SysFutex, {}},
    {455, "futex_wait", sys_futex_wait, Support::Full, KernelPath::SysFutexWait, {}, Errno::NoMem},
    {456, "futex_requeue", sys_futex_requeue, Support::Full, KernelPath::SysFutex, {}},
};

}  // namespace

std::span<const SyscallRow> sized_futex_syscalls() {
    return kSizedFutexRows;
}

}  // namespace uprobesim
