// SPDX-License-Identifier: GPL-2.0-or-later
// What commands take where nobody names a kernel or a machine: one that is released, on one that
// says it is generic. What reproduces the list thread names the thread's own.
#pragma once

namespace uprobesim {

inline constexpr const char* kDefaultMachine = "generic-a72";
inline constexpr const char* kDefaultKernel = "v6.12";
// One that steps the push of a function's entry and one that emulates it.
inline constexpr const char* kDefaultPair = "v6.12,v6.13+stp";
// Whose verdicts are told where nothing is priced.
inline constexpr const char* kVerdictKernels = "v6.12,v6.13,v6.13+stp";

}  // namespace uprobesim
