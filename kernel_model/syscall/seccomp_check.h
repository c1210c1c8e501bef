// SPDX-License-Identifier: GPL-2.0-or-later
// seccomp at the entry of a system call (__secure_computing).
#pragma once

#include <array>
#include <cstdint>

namespace uprobesim {

class Kernel;
struct Task;

// Whether the task's filters let it make the call. If not, what they want instead has been done: x0
// has their error, SIGSYS is pending, or the task or its process has ended.
bool seccomp_permits(Kernel& kernel, Task& task, std::uint32_t number,
                     const std::array<std::uint64_t, 6>& args);

}  // namespace uprobesim
