// SPDX-License-Identifier: GPL-2.0-or-later
// What a kernel runs on.
#pragma once

#include <memory>
#include <string>

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
    // Whether the guest was told the kernel's release.
    mutable bool release_told = false;

    Machine(MachineProfile machine, KernelProfile kernel, std::uint64_t memory_limit_bytes,
            std::uint64_t seed, std::unique_ptr<BlockModel> core_model,
            const UnicornOptions& engine = {});
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;
    ~Machine() = default;

    // The kernel's release, for the guest.
    const std::string& tell_release() const {
        release_told = true;
        return kernel_profile.release;
    }
    // From now on it is another machine with another kernel. The caller knows that so far nothing
    // depended on what differs.
    void become(MachineProfile machine, KernelProfile kernel);
};

}  // namespace uprobesim
