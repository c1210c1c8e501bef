// SPDX-License-Identifier: GPL-2.0-or-later
// Options of mounts of proc: hidepid, gid, subset.
#pragma once

#include <string>
#include <string_view>

#include "kernel_model/files/mount.h"
#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

bool is_proc_option(std::string_view name);
// What a mount shows that showed `before`. Inval: no such option, or not this value.
SysResult<ProcOptions> proc_options(SysCall& call, std::string_view text, ProcOptions before);
// As /proc/mounts shows them: ",hidepid=invisible".
std::string shown_proc_options(const ProcOptions& options);
// A mount that is there shows what the options say; what they do not name stays.
SysResult<void> remount_proc(SysCall& call, SuperBlock& super, std::string_view text);

}  // namespace uprobesim
