// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kernel_model/landlock/domain.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

// Whether a process may look into another and change it (ptrace_may_access): its own threads
// always, others' with the same ids and while they are dumpable, or as the superuser; and only
// where its domain of Landlock is one that the other is in too.
inline bool may_access(const Process& caller, const Credentials& restricted, const Process& target,
                       const Credentials& watched) {
    const Credentials &own = *caller.cred, &other = *target.cred;
    if (&caller == &target) return true;
    if (!may_look_into(restricted.landlock.get(), watched.landlock.get())) return false;
    if (own.capable_in(other.space, Capability::SysPtrace)) return true;
    const auto same = [](std::uint32_t id, const Ids& ids) {
        return id == ids.real && id == ids.effective && id == ids.saved;
    };
    const bool contained = own.space == other.space && (other.permitted & ~own.permitted) == 0;
    return same(own.uid.real, other.uid) && same(own.gid.real, other.gid) && contained &&
           target.options.dumpable == 1;
}
inline bool may_access(const Process& caller, const Process& target) {
    return may_access(caller, *caller.cred, target, *target.cred);
}
// A domain is each task's own.
inline bool may_access(const Task& caller, const Process& target) {
    return may_access(*caller.process, *caller.cred, target, *target.cred);
}
inline bool may_access(const Task& caller, const Task& target) {
    return may_access(*caller.process, *caller.cred, *target.process, *target.cred);
}

}  // namespace uprobesim
