// SPDX-License-Identifier: GPL-2.0-or-later
// Is the engine in memory what the layout of its build says? Reads nothing that may not be there.
#pragma once

#include <unicorn/unicorn.h>

#include <cstddef>
#include <string>

#include "sim/cpu/unicorn/jit/engine_build.h"

namespace uprobesim {

struct EngineParts {
    void* cpu = nullptr;            // CPUState
    TcgContext* context = nullptr;  // TCGContext
};

// What was not as expected; empty: nothing. `env`: the CPU's state as it was found without the
// layout.
std::string check_layout(const EngineLayout& layout, const uc_engine* uc, const std::byte* env,
                         EngineParts& parts);

}  // namespace uprobesim
