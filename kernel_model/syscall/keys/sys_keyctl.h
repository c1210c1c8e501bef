// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

SysOutcome sys_keyctl(SysCall& call);

}  // namespace uprobesim
