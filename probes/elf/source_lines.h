// SPDX-License-Identifier: GPL-2.0-or-later
// The code of a source line, by the line tables of DWARF.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "probes/elf/bytes.h"

namespace uprobesim {

struct SourceLine {
    bool any_lines = false;                // the file has line tables
    bool known_file = false;               // one of them is about the source file
    std::uint64_t line = 0;                // the line itself, or the next one that has code
    std::vector<std::uint64_t> addresses;  // where statements of it begin, ascending
};

// `source`: a name, or the end of a path: "a.c", "src/a.c". `file`: an ELF with .debug_line and
// .debug_info.
SourceLine find_source_line(Bytes file, std::string_view source, std::uint64_t line);

}  // namespace uprobesim
