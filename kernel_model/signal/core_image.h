// SPDX-License-Identifier: GPL-2.0-or-later
// The content of a core file (elf_core_dump): notes of the process and its tasks, then its memory.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "kernel_model/abi/signal.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

class Kernel;

// Gets the bytes in order; false: no more is wanted.
using CoreSink = std::function<bool(std::span<const std::byte>)>;

// `by`: the task that took the signal. Its registers come first.
void write_core_image(Kernel& kernel, Task& by, const SignalInfo& info, const CoreSink& sink);

}  // namespace uprobesim
