// SPDX-License-Identifier: GPL-2.0-or-later
// The shape of an instruction, for counting: what a disassembler prints, without the numbers that
// differ from function to function.
#pragma once

#include <string>
#include <string_view>

namespace uprobesim {

// "stp x19, x20, [sp, #-0x20]!" -> "stp xN, xN, [sp, #-N]!". The frame pointer, the link register,
// sp and the zero registers keep their names, and an immediate its sign; b.eq and the others become
// b.cond.
std::string insn_form(std::string_view disassembly);

}  // namespace uprobesim
