// SPDX-License-Identifier: GPL-2.0-or-later
// prctl's options on capabilities.
#pragma once

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

SysOutcome read_bounding(SysCall& call);
SysOutcome drop_bounding(SysCall& call);
SysOutcome get_securebits(SysCall& call);
SysOutcome set_securebits(SysCall& call);
SysOutcome get_keepcaps(SysCall& call);
SysOutcome set_keepcaps(SysCall& call);
SysOutcome ambient(SysCall& call);

}  // namespace uprobesim
