// SPDX-License-Identifier: GPL-2.0-or-later
// ioctls of /dev/random and /dev/urandom (random_ioctl).
#pragma once

#include "kernel_model/files/file.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

bool is_random(File& file);
SysOutcome random_ioctl(SysCall& call);

}  // namespace uprobesim
