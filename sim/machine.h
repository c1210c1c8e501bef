// SPDX-License-Identifier: GPL-2.0-or-later
// What a kernel runs on.
#pragma once

#include <memory>

#include "sim/base/entropy.h"
#include "sim/cost/ledger.h"
#include "sim/cost/prices.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/unicorn/unicorn_cpu.h"
#include "sim/mem/physical_memory.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"

namespace uprobesim {

struct Machine {
    MachineProfile profile;
    KernelProfile kernel_profile;
    PriceList prices;
    Ledger ledger;
    PhysicalMemory memory;
    std::unique_ptr<BlockModel> core;
    std::unique_ptr<Cpu> cpu;
    Entropy entropy;

    Machine(MachineProfile machine, KernelProfile kernel, std::uint64_t memory_limit_bytes,
            std::uint64_t seed, std::unique_ptr<BlockModel> core_model,
            const UnicornOptions& engine = {});
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;
    ~Machine() = default;
};

}  // namespace uprobesim
