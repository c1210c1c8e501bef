// SPDX-License-Identifier: GPL-2.0-or-later
// gdb's numbers of signals (include/gdb/signals.def), which are not Linux's.
#pragma once

#include <cstdint>

#include "kernel_model/abi/signal.h"

namespace uprobesim {

inline constexpr unsigned kGdbInterrupt = 2, kGdbTrap = 5;

unsigned gdb_signal_of(Signal signal);
// None: gdb's number has no signal of Linux.
Signal signal_of_gdb(std::uint64_t number);

}  // namespace uprobesim
