// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/elf/symbol_tables.h"

#include <elf.h>

#include <map>
#include <set>
#include <string_view>

namespace uprobesim {
namespace {

// The bit of .gnu.version that hides a version from those that ask for none.
constexpr std::uint16_t kHidden = 0x8000;

// By index, as .gnu.version has them. All may be one long name: they are not copied.
using Versions = std::map<std::uint16_t, std::string_view>;

Versions defined_versions(const ElfView& elf) {
    Versions versions;
    const ElfView::Section* section = elf.of_type(SHT_GNU_verdef);
    Elf_Data* data = section == nullptr ? nullptr : elf_getdata(section->scn, nullptr);
    if (data == nullptr) return versions;
    std::uint64_t at = 0;
    for (std::uint64_t n = 0; n < section->header.sh_info && at <= INT32_MAX; ++n) {
        GElf_Verdef definition;
        GElf_Verdaux name;
        if (gelf_getverdef(data, static_cast<int>(at), &definition) == nullptr) break;
        const std::uint64_t names = at + definition.vd_aux;
        const bool base = (definition.vd_flags & VER_FLG_BASE) != 0;  // of the file itself
        if (!base && names <= INT32_MAX &&
            gelf_getverdaux(data, static_cast<int>(names), &name) != nullptr) {
            const char* text = elf_strptr(elf.elf(), section->header.sh_link, name.vda_name);
            if (text != nullptr && *text != '\0') versions[definition.vd_ndx] = text;
        }
        if (definition.vd_next == 0) break;
        at += definition.vd_next;
    }
    return versions;
}

// Assemblers write .symver's names into .symtab as they are, "foo@V1" and "foo@@V2". The first is
// as a row has it.
void split_version(SymbolRow& row, const std::set<std::string_view>& known) {
    const std::size_t at = row.name.find("@@");
    if (at == std::string::npos || at == 0 || row.name.find('@') != at) return;
    if (!known.contains(std::string_view(row.name).substr(at + 2))) return;
    row.version = row.name.substr(at);
    row.name.resize(at);
}

// Of a symbol of .dynsym; `indices`: .gnu.version, or null.
void add_version(SymbolRow& row, Elf_Data* indices, int symbol, const Versions& versions) {
    GElf_Versym index = 0;
    if (indices == nullptr || gelf_getversym(indices, symbol, &index) == nullptr) return;
    const auto version = versions.find(static_cast<std::uint16_t>(index & ~unsigned{kHidden}));
    if (version == versions.end()) return;
    if ((index & kHidden) != 0)
        row.name.append("@").append(version->second);
    else
        row.version.append("@@").append(version->second);
}

bool is_defined_function(const GElf_Sym& symbol) {
    const auto kind = GELF_ST_TYPE(symbol.st_info);
    return (kind == STT_FUNC || kind == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF;
}

}  // namespace

std::vector<SymbolRow> read_symbols(const ElfView& elf, std::uint32_t type) {
    std::vector<SymbolRow> rows;
    const Versions versions = defined_versions(elf);
    std::set<std::string_view> known;
    for (const auto& [index, version] : versions) known.insert(version);
    const ElfView::Section* indices = elf.of_type(SHT_GNU_versym);
    Elf_Data* index_data =
        type == SHT_DYNSYM && indices != nullptr ? elf_getdata(indices->scn, nullptr) : nullptr;
    NameBudget budget(elf.bytes());
    for (const ElfView::Section& section : elf.sections()) {
        if (section.header.sh_type != type || section.header.sh_entsize == 0) continue;
        Elf_Data* data = elf_getdata(section.scn, nullptr);
        if (data == nullptr) continue;
        const std::uint64_t count = section.header.sh_size / section.header.sh_entsize;
        for (std::uint64_t i = 0; i < count && i <= INT32_MAX; ++i) {
            GElf_Sym symbol;
            if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
            if (!is_defined_function(symbol)) continue;
            const char* text = elf_strptr(elf.elf(), section.header.sh_link, symbol.st_name);
            if (text == nullptr || *text == '\0') continue;
            SymbolRow row{text,
                          {},
                          symbol.st_value,
                          symbol.st_size,
                          GELF_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC};
            add_version(row, index_data, static_cast<int>(i), versions);
            split_version(row, known);
            if (!budget.take(row.name.size() + row.version.size())) return rows;
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

}  // namespace uprobesim
