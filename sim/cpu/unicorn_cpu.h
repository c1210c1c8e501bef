// SPDX-License-Identifier: GPL-2.0-or-later
// The Cpu on the Unicorn engine (2.0.1). All the engine's habits and the ways around them are inside unicorn_*.cpp.
#pragma once

#include <memory>

#include "sim/cpu/cpu.h"

namespace uprobesim {

enum class Counting { On, Off };  // Off: for the benchmark's "same engine without our counting" only

struct UnicornOptions {
    Counting counting = Counting::On;
    bool fast_stores = true;  // the self-tested trick; false: always by the store hook
};

// Throws HostError where the engine cannot be set up.
std::unique_ptr<Cpu> make_unicorn_cpu(PhysicalMemory&, const BlockModel&, const UnicornOptions& = {});

}  // namespace uprobesim
