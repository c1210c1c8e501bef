// SPDX-License-Identifier: GPL-2.0-or-later
// Has a CPU stop before chosen instructions, without changing what it executes or counts.
#pragma once

#include "sim/cpu/cpu.h"

namespace uprobesim {

// Of a CPU that make_unicorn_cpu made. Cpu::run() stops, as though its budget were spent, before
// the instruction at this address, of any space. Called again there, it goes on. Where counting is
// off it never stops.
void stop_before_place(Cpu& cpu, VAddr at);
// At none any more.
void stop_nowhere(Cpu& cpu);
// Whether the last run() stopped for that.
bool stopped_before_place(const Cpu& cpu);

}  // namespace uprobesim
