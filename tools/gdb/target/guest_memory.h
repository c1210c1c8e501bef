// SPDX-License-Identifier: GPL-2.0-or-later
// A process's memory for gdb. Reading leaves everything as it is: pages that the process has not
// touched are read from their files. Writing is a debugger's: what may not be written is copied.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kernel_model/files/file_system.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

// As many of the bytes as there are from `at` on, at most `size`.
std::string read_guest(Process& process, FileSystem& files, VAddr at, std::uint64_t size);
// False: not all of it is mapped. Faults are charged to the process's first task.
bool write_guest(Process& process, VAddr at, std::string_view bytes);

}  // namespace uprobesim
