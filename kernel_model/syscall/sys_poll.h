// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

SysOutcome sys_ppoll(SysCall& c);
SysOutcome sys_pselect6(SysCall& c);

}  // namespace uprobesim
