// SPDX-License-Identifier: GPL-2.0-or-later
// The entries of the procedure linkage table: each jumps through a slot of the global offset table
// that a relocation fills, which tells the function's name. They are found by what they load, so
// that it does not matter how long a linker makes them.
#pragma once

#include <vector>

#include "probes/elf/symbol_tables.h"

namespace uprobesim {

// Named "puts@plt". `symbols`: of IFUNCs, whose entries in a static program name no symbol.
std::vector<SymbolRow> plt_entries(const ElfView& elf, const std::vector<SymbolRow>& symbols);

}  // namespace uprobesim
