// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of a Go program by .gopclntab, the runtime's own table of them, which strip leaves in
// place. Layouts of Go 1.2, 1.16, 1.18 and 1.20 on, told apart by the table's first word.
#pragma once

#include <vector>

#include "probes/elf/symbol_tables.h"

namespace uprobesim {

std::vector<SymbolRow> go_functions(const ElfView& elf);

}  // namespace uprobesim
