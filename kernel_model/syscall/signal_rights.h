// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel_model/abi/landlock.h"
#include "kernel_model/landlock/domain.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// check_kill_permission: whether the caller may send the signal to a process, or to a task of it
// with these credentials.
inline bool may_signal(const SysCall& call, const Process& target, const Credentials& of_target,
                       std::int32_t signal) {
    if (&target == &call.process) return true;
    if (is_scoped(call.cred().landlock.get(), of_target.landlock.get(), abi::kLandlockScopeSignal))
        return false;
    if (call.cred().may_signal(*target.cred)) return true;
    return signal == static_cast<std::int32_t>(Signal::Cont) &&
           target.session == call.process.session;
}
inline bool may_signal(const SysCall& call, const Process& target, std::int32_t signal) {
    return may_signal(call, target, *target.cred, signal);
}

}  // namespace uprobesim
