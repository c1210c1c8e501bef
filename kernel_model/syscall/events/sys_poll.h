// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// Replaces the signal mask for the duration of the wait, at the first entry (set_user_sigmask). A
// null pointer: the mask stays. Errors: Inval, Fault.
SysResult<void> wait_with_mask(SysCall& call, VAddr mask, std::uint64_t size);
// Restores the mask after a wait that no handler ended (restore_saved_sigmask). A handler runs with
// the wait's mask; its frame holds the saved one.
void end_wait(SysCall& call);

}  // namespace uprobesim
