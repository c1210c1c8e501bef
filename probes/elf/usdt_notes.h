// SPDX-License-Identifier: GPL-2.0-or-later
// USDT probes: the notes that sys/sdt.h writes for each place of a probe (.note.stapsdt).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probes/elf/elf_view.h"

namespace uprobesim {

struct UsdtNote {
    std::string provider, name;
    std::string arguments;        // "4@x0 -8@[sp, 16]"
    std::uint64_t address = 0;    // of the instruction
    std::uint64_t semaphore = 0;  // address of the counter; 0: none
};

// In the file's order. Addresses are moved as far as prelinking moved .stapsdt.base.
std::vector<UsdtNote> usdt_notes(const ElfView& elf);

}  // namespace uprobesim
