// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's emulation handlers, on the registers of a task at rest. pc is always set; flags
// never are. Register 31 as a source reads 0, as a destination is discarded; only ADD and SUB of SP
// and the base of STP mean SP by it.
#pragma once

#include <cstdint>

#include "kernel_model/memory/user_memory.h"
#include "probes/verdict/verdict.h"
#include "sim/cpu/cpu.h"

namespace uprobesim {

// Everything but STP. `pc` is the probed address.
void emulate_instruction(Handler handler, std::uint32_t word, VAddr pc, Cpu& cpu,
                         ContextId context);

struct StpOutcome {
    bool faulted = false;     // the kernel sends SIGSEGV (SI_KERNEL)
    std::uint64_t pages = 1;  // pinned
};

// STP of two X registers, pre-indexed or with an offset. For x29, x30, [sp, #imm]! as the thread's
// patch of September 2024 does it: pin the pages from the new to the old sp with write intent, map
// them, store. After a failed pin or a misaligned sp the handler faults, but sp and pc are still
// updated. Other pairs are pushed in the same way; for stores that are no push the pages written
// are pinned.
StpOutcome emulate_stp_pin(std::uint32_t word, VAddr pc, Cpu& cpu, ContextId context, Mm& mm,
                           TaskId task);
// The form of August 2024: copy_to_user of 16 bytes. If that fails, sp and pc are unchanged.
StpOutcome emulate_stp_copy(std::uint32_t word, VAddr pc, Cpu& cpu, ContextId context, Mm& mm,
                            TaskId task);

}  // namespace uprobesim
