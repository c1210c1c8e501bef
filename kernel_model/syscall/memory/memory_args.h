// SPDX-License-Identifier: GPL-2.0-or-later
// Ranges of mappings as arguments of system calls.
#pragma once

#include "kernel_model/abi/resource.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// Address space management takes tagged addresses whether the task has the ABI or not; mmap, brk
// and mremap's new address do not.
inline VAddr managed(const SysCall& call, std::size_t argument = 0) {
    return untagged(call.address(argument));
}

// Whether every page of the range is mapped, and whether all mappings in it are anonymous.
struct Coverage {
    bool whole = true;
    bool anonymous = true;
};
Coverage coverage_of(const Mm& mm, VRange range);

// can_do_mlock, mlock_future_ok.
inline bool may_lock(const SysCall& call) {
    return call.capable(Capability::IpcLock) || call.process.limits[abi::kRlimitMemlock].soft != 0;
}
inline bool may_lock_more(const SysCall& call, std::uint64_t bytes) {
    return call.capable(Capability::IpcLock) ||
           call.process.mm->locked_bytes() + bytes <= call.process.limits[abi::kRlimitMemlock].soft;
}
// Brings in the pages of the locked mappings of a range. NoMem: not all could be had.
SysResult<void> populate_locked(SysCall& call, VRange range);

// Whether mseal forbids to change the range.
inline bool sealed(const Mm& mm, VRange range) {
    return mm.any_marked(range, mark::kSealed);
}

}  // namespace uprobesim
