// SPDX-License-Identifier: GPL-2.0-or-later
// Registers of the words that programs are mostly made of, from a table: a hundredth of the time
// that Capstone takes to say the same.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "sim/insn/insn_info.h"

namespace uprobesim {

// Words that agree with `value` where `mask` has ones.
struct RegisterUseRow {
    std::uint32_t mask = 0, value = 0;
    std::uint32_t uses = 0;  // of fields, see register_use.cpp
};
std::span<const RegisterUseRow> register_use_rows();

struct RegisterUse {
    RegSet reads, writes;
    bool writeback = false;
};
// Nothing: no row has it.
std::optional<RegisterUse> register_use(std::uint32_t word);

}  // namespace uprobesim
