// SPDX-License-Identifier: GPL-2.0-or-later
// New namespaces of a process: create_new_namespaces, for unshare and clone.
#pragma once

#include <cstdint>

#include "kernel_model/memory/backing.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

class Kernel;

// The CLONE_NEW* flags of the kinds that are modelled; a kernel without the others answers EINVAL.
std::uint64_t modelled_namespaces();
// Whether a task may make these, and the kernel has room for them. Inval: a tree without mounts,
// and kinds that are not modelled;
// NoMem; NoSpc: too many user namespaces in each other; Perm.
SysResult<void> may_make_namespaces(Kernel& kernel, const Task& task, std::uint64_t flags);
// Gives the task's process namespaces of its own, after may_make_namespaces() of it or of its
// parent. One of users comes first: the others are its own.
void make_namespaces(Kernel& kernel, Task& task, std::uint64_t flags);
// The task becomes the superuser of a user namespace (set_cred_user_ns).
void enter_user_namespace(Task& task, UserSpace space);

}  // namespace uprobesim
