// SPDX-License-Identifier: GPL-2.0-or-later
// What a process's memory is made of, for /proc/PID/status and statm (task_mem, task_statm).
#pragma once

#include <cstdint>
#include <string>

#include "kernel_model/task/process.h"

namespace uprobesim {

struct MemoryUse {
    std::uint64_t anonymous = 0, of_files = 0, shared = 0;  // present pages (MM_ANONPAGES, ...)
    std::uint64_t data = 0, stack = 0, program = 0, libraries = 0;  // bytes of mappings
};
// Of a process that has memory.
MemoryUse memory_use(const Process& process);
// The lines from VmPeak to VmSwap.
std::string memory_lines(const Process& process);

}  // namespace uprobesim
