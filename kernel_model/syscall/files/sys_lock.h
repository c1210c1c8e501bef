// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

enum class LockCommand { Get, Set, SetAndWait };
// F_GETLK, F_SETLK and F_SETLKW, or those of an open file description; the struct flock is at
// argument 2.
SysOutcome range_lock(SysCall& call, const std::shared_ptr<File>& file, LockCommand command,
                      bool of_description);
SysOutcome sys_flock(SysCall& call);

}  // namespace uprobesim
