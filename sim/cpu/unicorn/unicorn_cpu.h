// SPDX-License-Identifier: GPL-2.0-or-later
// The Cpu on the Unicorn engine (2.0.1). All the engine's habits and the ways around them are
// inside unicorn_*.cpp.
//
// A core at EL0 with the features of UnicornOptions::isa. Where it differs from one:
//  - a misaligned SP is never an exception (the engine ignores SCTLR_EL1.SA0);
//  - WFI and WFE end at once;
//  - system registers that EL0 may not read (counters, ID registers) come back as Undefined with
//    their word;
//  - clear_exclusive needs the monitor's place in the engine's state, which is found and tested
//    when the CPU is made. Where that fails it does nothing: an STXR after an exception succeeds if
//    memory still holds the value;
//  - a store into code that was executed takes effect for execution when the next block begins;
//  - exclusives and LSE atomics must be aligned, with LSE2 too;
//  - a failed authentication leaves an error in the pointer (no FEAT_FPAC);
//  - code that two processes map, one guarded and the other not, is guarded as it was first;
//  - with Counting::Off nothing is counted, budgets are not kept, and stepped branches run on.
// Address spaces of a Cpu must be gone before it is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "sim/cpu/cpu.h"
#include "sim/insn/isa.h"

namespace uprobesim {

enum class Counting {
    On,
    Off
};  // Off: for the benchmark's "same engine without our counting" only

struct UnicornOptions {
    Counting counting = Counting::On;
    // What EL0 reads from CTR_EL0; nothing: reading it comes back as Undefined, as other registers
    // do.
    std::optional<std::uint64_t> ctr_el0 = 0x8444c004;  // Cortex-A72
    // What EL0 may execute. Armv8.0 runs on the engine's Cortex-A72, more than that on its model
    // with all it has; what the machine lacks of that is Undefined.
    IsaSet isa = armv8_0_set();
    bool fast_stores = true;  // the self-tested trick; false: always by the store hook
};

// Throws HostError where the engine cannot be set up.
std::unique_ptr<Cpu> make_unicorn_cpu(PhysicalMemory&, const BlockModel&,
                                      const UnicornOptions& = {});

}  // namespace uprobesim
