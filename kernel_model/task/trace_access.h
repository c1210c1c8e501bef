// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel_model/task/process.h"

namespace uprobesim {

// Whether a process may look into another and change it (ptrace_may_access): its own threads
// always, others' with the same ids and while they are dumpable, or as the superuser.
inline bool may_access(const Process& caller, const Process& target) {
    const Credentials &own = *caller.cred, &other = *target.cred;
    if (&caller == &target || own.capable_in(other.space, Capability::SysPtrace)) return true;
    const auto same = [](std::uint32_t id, const Ids& ids) {
        return id == ids.real && id == ids.effective && id == ids.saved;
    };
    const bool contained = own.space == other.space && (other.permitted & ~own.permitted) == 0;
    return same(own.uid.real, other.uid) && same(own.gid.real, other.gid) && contained &&
           target.options.dumpable == 1;
}

}  // namespace uprobesim
