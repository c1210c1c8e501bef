// SPDX-License-Identifier: GPL-2.0-or-later
// Symbols that a stripped file has elsewhere: compressed in its own .gnu_debugdata, or in a debug
// file that its build-id or .gnu_debuglink names.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probes/elf/elf_view.h"

namespace uprobesim {

// A file by its absolute path, as the probed file's own; nullopt: there is none, or none that is
// read.
using FileReader = std::function<std::optional<std::vector<std::byte>>(const std::string& path)>;

// The ELF in .gnu_debugdata (xz); empty: there is none.
std::vector<std::byte> embedded_symbols(const ElfView& elf);

struct DebugFile {
    std::string path;
    std::vector<std::byte> bytes;
};
// Looked for as gdb, perf and bcc do: below /usr/lib/debug by the build-id, then by the link's name
// beside the file, in .debug beside it, and below /usr/lib/debug. One of another build is none.
std::optional<DebugFile> find_debug_file(const ElfView& elf, std::string_view path,
                                         const FileReader& read);

// Whether a file is such a debug file itself: its code is left out.
bool is_debug_file(const ElfView& elf);

}  // namespace uprobesim
