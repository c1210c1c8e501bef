// SPDX-License-Identifier: GPL-2.0-or-later
// The requests of ioctl(2) to a file of a namespace that open another one.
#pragma once

#include <optional>

#include "kernel_model/syscall/syscall.h"
#include "kernel_model/task/namespace_file.h"

namespace uprobesim {

// nullopt: another request, which the file answers itself.
std::optional<SysOutcome> namespace_ioctl(SysCall& call, const NamespaceFile& file,
                                          std::uint64_t request);

}  // namespace uprobesim
