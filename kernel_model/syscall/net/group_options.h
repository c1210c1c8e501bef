// SPDX-License-Identifier: GPL-2.0-or-later
// Socket options of multicast whose value is a structure.
#pragma once

#include "kernel_model/net/socket.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// Nothing: the option is none of these.
std::optional<SysOutcome> set_group_option(SysCall& call, Socket& socket);

}  // namespace uprobesim
