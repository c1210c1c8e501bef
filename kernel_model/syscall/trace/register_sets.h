// SPDX-License-Identifier: GPL-2.0-or-later
// The register sets of PTRACE_GETREGSET and SETREGSET (arch/arm64/kernel/ptrace.c).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

// Inval: no such set.
SysResult<std::vector<std::byte>> read_register_set(Kernel& kernel, Task& task, std::uint32_t type);
// `given`: the first bytes of the set.
SysResult<void> write_register_set(Kernel& kernel, Task& task, std::uint32_t type,
                                   std::span<const std::byte> given);
// The bytes of one register, of which a length must be a multiple.
std::size_t register_bytes(std::uint32_t type);

}  // namespace uprobesim
