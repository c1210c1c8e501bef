// SPDX-License-Identifier: GPL-2.0-or-later
// How many instructions the kernel executes on a machine. Kernel profiles have the counts of a
// Cortex-A72 without KPTI and without the BHB loop; the kernel patches itself for other machines
// when it starts (arch/arm64, "alternatives"), and what it then executes more or less follows from
// the machine's features. Held against kernels that ran as a Neoverse N1
// (tests/probes/hit/real_hits_test.cpp).
//
// Only counted: what it costs is in the machine profile's kernel-cpi, kpti-switch and bhb-loop,
// which were fitted to, or assumed for, the counts of the kernel profiles.
#pragma once

#include "sim/profile/exception_class.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"

namespace uprobesim {

// Of the way into the kernel and out of it, beyond what the paths hold; may be less than 0.
double exception_insns(const MachineProfile& machine, ExceptionClass ec);
// Of a path, its fixed part.
double fixed_insns(const MachineProfile& machine, const PathCost& cost);

}  // namespace uprobesim
