// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// The wait's own signal mask, put in place at its first entry (set_user_sigmask). Null: none.
// Inval, Fault.
SysResult<void> wait_with_mask(SysCall& call, VAddr mask, std::uint64_t size);
// The wait is over without a handler: restore_saved_sigmask. A handler runs with the wait's mask,
// its frame has the saved one.
void end_wait(SysCall& call);

}  // namespace uprobesim
