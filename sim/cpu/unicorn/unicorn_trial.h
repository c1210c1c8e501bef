// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: a Cpu whose engine is used in a given way, or whose edited code is made to fail.
#pragma once

#include "sim/cpu/unicorn/engine_way.h"
#include "sim/cpu/unicorn/jit/translated_blocks.h"
#include "sim/cpu/unicorn/unicorn_cpu.h"

namespace uprobesim {

struct EngineBuild;

struct UnicornTrial {
    EngineWay way = wanted_engine_way();
    bool never_forget = false;  // an address that gets another block is not noticed
    bool skip_self_test = false;
    const EngineBuild* build = nullptr;  // taken for the one that is loaded
    std::size_t most_blocks = TranslatedBlocks::kMost;
    // Bytes of translated code after which all of it is dropped; 0: as the memory's size has it.
    std::uint64_t most_code = 0;
};

std::unique_ptr<Cpu> make_unicorn_cpu(PhysicalMemory&, const BlockModel&, const UnicornOptions&,
                                      const UnicornTrial&);

}  // namespace uprobesim
