// SPDX-License-Identifier: GPL-2.0-or-later
// MRS instructions that trap at EL0 and that Linux emulates: the ID registers, with the fields
// visible to user space (Documentation/arch/arm64/cpu-feature-registers.rst), and the counter.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "sim/profile/exception_class.h"
#include "sim/profile/machine_profile.h"

namespace uprobesim {

struct SysregRead {
    unsigned target;  // Xt; 31: discarded
    std::uint64_t value;
    bool clears_flags = false;         // NZCV: RNDR succeeded
    std::optional<ExceptionClass> ec;  // reported by the hardware; empty: it does not trap
};

// The state of the machine that the values depend on.
struct SysregValues {
    std::uint64_t counter = 0;
    std::uint64_t counter_hz = 0;
    std::uint64_t ctr_el0 = 0;
    bool counter_traps = true;  // CNTKCTL_EL1.EL0VCTEN is clear
    MachineIsa isa{};
    // RNDR's next value.
    std::function<std::uint64_t()> random{};
};

// `word`: an instruction that the engine does not execute. Empty: it is not an MRS, or reads a
// register that EL0 must not access.
std::optional<SysregRead> emulate_mrs(std::uint32_t word, const SysregValues& values);

}  // namespace uprobesim
