// SPDX-License-Identifier: GPL-2.0-or-later
// The functions that .symtab and .dynsym name, with the versions of .gnu.version_d.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "probes/elf/elf_view.h"

namespace uprobesim {

struct SymbolRow {
    std::string name;     // "foo"; "foo@V1" of a version that is not the default one
    std::string version;  // "@@V2", the default one; empty: none
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    bool indirect = false;  // IFUNC: the address is its resolver's
};

// Of sections of the type SHT_SYMTAB or SHT_DYNSYM; defined functions only.
std::vector<SymbolRow> read_symbols(const ElfView& elf, std::uint32_t type);

}  // namespace uprobesim
