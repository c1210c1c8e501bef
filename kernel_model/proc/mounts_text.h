// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/PID/mounts, mountinfo and mountstats, as fs/proc_namespace.c prints them: the mounts below
// the root of the process.
#pragma once

#include <string>

#include "kernel_model/task/process.h"

namespace uprobesim {

class Mounts;

// `all`: null, there are no mounts.
std::string mounts_text(const Process& process, const Mounts* all);
std::string mount_info_text(const Process& process, const Mounts* all);
std::string mount_stats_text(const Process& process, const Mounts* all);
// The namespace whose mounts these are; null: none.
std::shared_ptr<MountNamespace> mounts_of(const Process& process, const Mounts* all);

}  // namespace uprobesim
