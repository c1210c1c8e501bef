// SPDX-License-Identifier: GPL-2.0-or-later
// MRS instructions that trap at EL0 and that Linux answers itself: ID registers, with the values
// user space may know of (Documentation/arch/arm64/cpu-feature-registers.rst), and the counter.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/profile/exception_class.h"

namespace uprobesim {

struct SysregRead {
    unsigned target;  // Xt; 31: discarded
    std::uint64_t value;
    std::optional<ExceptionClass> ec;  // how the hardware reports it; nothing: it does not trap
};

// Of the machine, now.
struct SysregValues {
    std::uint64_t counter = 0;
    std::uint64_t counter_hz = 0;
    std::uint64_t ctr_el0 = 0;
    bool counter_traps = true;  // CNTKCTL_EL1.EL0VCTEN is clear
};

// `word` is the instruction that the engine refused. Nothing: not an MRS, or of a register EL0 may
// not know.
std::optional<SysregRead> emulate_mrs(std::uint32_t word, const SysregValues& values);

}  // namespace uprobesim
