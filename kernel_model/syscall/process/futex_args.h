// SPDX-License-Identifier: GPL-2.0-or-later
// What futex(2) and the calls that name the size of a word share.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel_model/syscall/syscall.h"
#include "kernel_model/task/futex.h"

namespace uprobesim {

// How a call says until when it waits.
enum class FutexTimeout { None, Relative, Absolute, AbsoluteRealtime };

// get_futex_key: Inval, Fault.
SysResult<FutexKey> futex_key_at(SysCall& call, VAddr address, bool is_private,
                                 bool written = false);
// How long that is from now; nothing: without end.
SysResult<std::optional<std::uint64_t>> futex_timeout(SysCall& call, FutexTimeout kind, VAddr at);

// It waits for a lock, or to be moved to one.
inline bool waits_for_lock(const FutexWait* wait) {
    return wait != nullptr && (wait->holder || wait->requeue_to);
}

// futex_requeue, with the numbers to wake and to move in the third and fourth argument.
inline SysOutcome requeue_waiters(SysCall& call, const FutexKey& from, const FutexKey& to) {
    Futexes& futexes = call.kernel.futexes();
    if (waits_for_lock(futexes.first_wait(from))) return Errno::Inval;
    const std::uint64_t woken = futexes.wake(from, call.uint32(2));
    return woken + futexes.requeue(from, to, call.uint32(3));
}

}  // namespace uprobesim
