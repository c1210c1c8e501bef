// SPDX-License-Identifier: GPL-2.0-or-later
// Has a CPU stop before chosen instructions, and before accesses to watched memory, without
// changing what it executes or counts. One exception: where the engine's code is not edited
// (README.md), a program that rewrites code around such an instruction may be counted some cycles
// differently.
#pragma once

#include <optional>

#include "sim/cpu/cpu.h"

namespace uprobesim {

// Of a CPU that make_unicorn_cpu made. Cpu::run() stops, as though its budget were spent, before
// the instruction at this address, of any space. Called again there, it goes on. Where counting is
// off it never stops.
void stop_before_place(Cpu& cpu, VAddr at);
// At none any more, but for a debugger's.
void stop_nowhere(Cpu& cpu);

// The same for a debugger, which has its places and gives them up all the time: where there was
// one, blocks stay cut, so that having it again takes nothing. `space`: the only one that has to
// stop.
void break_before(Cpu& cpu, VAddr at, const AddressSpace* space = nullptr);
void break_no_more(Cpu& cpu, VAddr at);

// Whether the last run() stopped for that.
bool stopped_before_place(const Cpu& cpu);
// The access before which the last run() or step() stopped, as though its budget were spent,
// because it is watched (AddressSpace::watch). Called again there, it goes on.
struct WatchedAccess {
    VAddr address;  // the first byte of it that is watched
    Access access = Access::Read;
};
std::optional<WatchedAccess> stopped_at_watch(const Cpu& cpu);
// Whether such a stop was inside of what is one block without places and watches. run() finishes
// that block whatever is left of the budget, so that runs end where they would without.
bool stopped_inside_block(const Cpu& cpu);

}  // namespace uprobesim
