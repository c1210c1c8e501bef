// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// A new descriptor of a process (sys_pidfd_open, CLONE_PIDFD), closed by exec. Srch: no such
// process.
SysOutcome add_process_fd(SysCall& call, std::int32_t pid, std::uint32_t flags);

}  // namespace uprobesim
