// SPDX-License-Identifier: GPL-2.0-or-later
// Accesses to a process's memory from outside of it (access_remote_vm): ptrace, /proc/PID/mem,
// process_vm_readv. Without an exception; pages are brought in as get_user_pages does.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "kernel_model/memory/mm.h"

namespace uprobesim {

// Forced: as a debugger's, who reads what may not be read and writes a private copy of what may not
// be written (FOLL_FORCE).
enum class RemoteAccess : std::uint8_t { AsMapped, Forced };

// The bytes moved, until the first page that may not be accessed. Faults are charged to `task`.
std::uint64_t read_remote(Mm& mm, VAddr from, std::span<std::byte> to, RemoteAccess access,
                          std::optional<TaskId> task);
std::uint64_t write_remote(Mm& mm, VAddr to, std::span<const std::byte> from, RemoteAccess access,
                           std::optional<TaskId> task);

}  // namespace uprobesim
