// SPDX-License-Identifier: GPL-2.0-or-later
// New namespaces of a process: create_new_namespaces, for unshare and clone.
#pragma once

#include <cstdint>

#include "kernel_model/memory/backing.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

class Kernel;

// Whether a task may make these, and the kernel has room for them. Inval: a tree without mounts,
// and process ids of one whose children are to be in another namespace already; NoMem; NoSpc: too
// many in each other, or too many at all; Perm.
SysResult<void> may_make_namespaces(Kernel& kernel, const Task& task, std::uint64_t flags);
// A namespace of process ids below that of the process. Its owner is not set yet.
PidSpace make_pid_space(Kernel& kernel, const Process& process);
// Gives the task's process namespaces of its own, after may_make_namespaces() of it or of its
// parent. One of users comes first: the others are its own. One of process ids is for its children.
void make_namespaces(Kernel& kernel, Task& task, std::uint64_t flags);
// The task becomes the superuser of a user namespace (set_cred_user_ns).
void enter_user_namespace(Task& task, UserSpace space);

}  // namespace uprobesim
