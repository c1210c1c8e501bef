// SPDX-License-Identifier: GPL-2.0-or-later
// The reason why Cpu::run() returned, as a value: the caller decides what to do.
#pragma once

#include <cstdint>
#include <variant>

#include "sim/base/units.h"
#include "sim/mem/prot.h"

namespace uprobesim {

// The budget is used up; pc is the next instruction.
struct BudgetSpent {};
// EC 0x15; pc is the instruction after the SVC (as ELR_EL1).
struct Svc {
    std::uint16_t imm;
};
// EC 0x3c; pc is the BRK (as ELR_EL1).
struct Brk {
    std::uint16_t imm;
};
// EC 0x32: one instruction was stepped; pc is the next one as the instruction left it.
struct StepDone {};
// EC 0x00, or a trapped system register (EC 0x18); pc is the instruction.
struct Undefined {
    std::uint32_t word;
};
// EC 0x20 or 0x24; pc is the instruction (for Execute: the target).
struct Abort {
    VAddr address;
    Access access;
    // An access that must be aligned and is not; it comes before any translation fault.
    bool unaligned = false;
};
// EC 0x22; pc is the misaligned target.
struct PcAlignment {};
// EC 0x0d; pc is the instruction that an indirect branch must not come to (PSTATE.BTYPE).
struct BranchTarget {
    std::uint8_t btype;
};

struct Stop {
    std::variant<BudgetSpent, Svc, Brk, StepDone, Undefined, Abort, PcAlignment, BranchTarget> why;
    VAddr pc;
    // EL0 instructions retired by this call, exact: the SVC and the BRK included, the aborted
    // instruction not.
    InsnCount retired;
};

}  // namespace uprobesim
