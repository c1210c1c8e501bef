// SPDX-License-Identifier: GPL-2.0-or-later
// Why the CPU came back. A value: nothing was decided on the way.
#pragma once

#include <cstdint>
#include <variant>

#include "sim/base/units.h"
#include "sim/mem/prot.h"

namespace uprobesim {

struct BudgetSpent {};  // pc is the next instruction
struct Svc {
    std::uint16_t imm;
};  // pc is the instruction after the SVC (as ELR_EL1)
struct Brk {
    std::uint16_t imm;
};                   // pc is the BRK (as ELR_EL1)
struct StepDone {};  // one instruction was stepped; pc is the next one as the instruction left it
struct Undefined {
    std::uint32_t word;
};  // EC 0x00 or a trapped system register (EC 0x18); pc is the instruction
struct Abort {
    VAddr address;
    Access access;
};                      // EC 0x20/0x24; pc is the instruction (for Execute: the target)
struct PcAlignment {};  // EC 0x22; pc is the misaligned target
struct Stop {
    std::variant<BudgetSpent, Svc, Brk, StepDone, Undefined, Abort, PcAlignment> why;
    VAddr pc;
    // EL0 instructions retired by this call, exact: the SVC and the BRK included, the aborted
    // instruction not.
    InsnCount retired;
};

}  // namespace uprobesim
