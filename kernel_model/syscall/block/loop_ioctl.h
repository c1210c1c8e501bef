// SPDX-License-Identifier: GPL-2.0-or-later
// Requests of loop devices and of /dev/loop-control.
#pragma once

#include <memory>
#include <optional>

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// Nothing: the file is neither.
std::optional<SysOutcome> loop_ioctl(SysCall& call, const std::shared_ptr<File>& file);

}  // namespace uprobesim
