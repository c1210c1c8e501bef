// SPDX-License-Identifier: GPL-2.0-or-later
// The options of prctl that are seccomp's.
#pragma once

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

SysOutcome get_seccomp(SysCall& call);
SysOutcome set_seccomp(SysCall& call);

}  // namespace uprobesim
