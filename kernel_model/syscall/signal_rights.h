// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// check_kill_permission: whether the caller may send the signal to the process.
inline bool may_signal(const SysCall& call, const Process& target, std::int32_t signal) {
    if (&target == &call.process || call.cred().may_signal(*target.cred)) return true;
    return signal == static_cast<std::int32_t>(Signal::Cont) &&
           target.session == call.process.session;
}

}  // namespace uprobesim
