// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// A new descriptor (new_userfaultfd). Inval: unknown flags.
SysOutcome new_userfault(SysCall& call, std::uint32_t flags);

}  // namespace uprobesim
