// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/elf/source_lines.h"

#include <elfutils/libdw.h>

#include <algorithm>
#include <memory>
#include <set>

#include "probes/elf/elf_view.h"

namespace uprobesim {
namespace {

bool is_path_of(std::string_view path, std::string_view source) {
    if (!path.ends_with(source)) return false;
    return path.size() == source.size() || path[path.size() - source.size() - 1] == '/';
}

// A statement of the source file and its first address: each function, and each copy that is
// inlined, has its own run of rows; the first row of a run counts.
void read_unit(Dwarf_Die& unit, std::string_view source, std::uint64_t wanted, SourceLine& found) {
    Dwarf_Lines* lines = nullptr;
    std::size_t count = 0;
    if (dwarf_getsrclines(&unit, &lines, &count) != 0) return;
    found.any_lines = true;
    int previous = -1;
    for (std::size_t i = 0; i < count; ++i) {
        Dwarf_Line* row = dwarf_onesrcline(lines, i);
        const char* path = row == nullptr ? nullptr : dwarf_linesrc(row, nullptr, nullptr);
        int number = 0;
        bool statement = false, ends = false;
        Dwarf_Addr address = 0;
        if (path == nullptr || dwarf_lineno(row, &number) != 0 ||
            dwarf_linebeginstatement(row, &statement) != 0 || dwarf_lineaddr(row, &address) != 0)
            continue;
        if (dwarf_lineendsequence(row, &ends) == 0 && ends) {
            previous = -1;
            continue;
        }
        if (!is_path_of(path, source)) {
            previous = -1;
            continue;
        }
        found.known_file = true;
        const auto here = static_cast<std::uint64_t>(std::max(number, 0));
        const bool begins = number != previous && statement;
        if (statement) previous = number;
        if (!begins || here < wanted || (found.line != 0 && here > found.line)) continue;
        if (found.line == 0 || here < found.line) found.addresses.clear();
        found.line = here;
        found.addresses.push_back(address);
    }
}

}  // namespace

SourceLine find_source_line(Bytes file, std::string_view source, std::uint64_t line) {
    SourceLine found;
    const ElfView elf(file);
    if (!elf.valid()) return found;
    const std::unique_ptr<Dwarf, int (*)(Dwarf*)> dwarf(
        dwarf_begin_elf(elf.elf(), DWARF_C_READ, nullptr), dwarf_end);
    if (dwarf == nullptr) return found;
    Dwarf_Off at = 0, next = 0;
    std::size_t header = 0;
    while (dwarf_nextcu(dwarf.get(), at, &next, &header, nullptr, nullptr, nullptr) == 0 &&
           next > at) {
        Dwarf_Die unit;
        if (dwarf_offdie(dwarf.get(), at + header, &unit) != nullptr)
            read_unit(unit, source, line, found);
        at = next;
    }
    std::sort(found.addresses.begin(), found.addresses.end());
    found.addresses.erase(std::unique(found.addresses.begin(), found.addresses.end()),
                          found.addresses.end());
    return found;
}

}  // namespace uprobesim
