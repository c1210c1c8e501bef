// SPDX-License-Identifier: GPL-2.0-or-later
// Leases (fs/locks.c): F_SETLEASE, and opens that break them.
#pragma once

#include <optional>

#include "kernel_model/syscall/path_argument.h"

namespace uprobesim {

SysOutcome set_lease(SysCall& call, const std::shared_ptr<File>& file, std::int32_t type);
SysOutcome get_lease(SysCall& call, File& file);

// Before a file is opened or its size changed: tells the holders of leases that conflict, and is
// the outcome while they have not given them up. Nothing: there is nothing to wait for.
std::optional<SysOutcome> break_leases(SysCall& call, const FileKey& file, bool writes,
                                       bool nonblocking);
std::optional<SysOutcome> break_leases_at(SysCall& call, const PathArgument& path,
                                          std::uint32_t flags);

}  // namespace uprobesim
