// SPDX-License-Identifier: GPL-2.0-or-later
// The system calls that make objects of the kernel, and the error of each when --memory is used up.
// The errors are those of a failed allocation in Linux: where a page of a process is wanted
// instead, the OOM killer acts (kernel/oom.cpp).
#pragma once

#include <cstdint>
#include <span>

#include "kernel_model/abi/errno.h"

namespace uprobesim {

struct MemoryNeed {
    std::uint32_t number;
    Errno error;
};
std::span<const MemoryNeed> calls_that_need_memory();

}  // namespace uprobesim
