// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/elf/plt_entries.h"

#include <elf.h>

#include <map>
#include <string>

namespace uprobesim {
namespace {

constexpr std::uint32_t kBtiC = 0xd503245f;

bool is_adrp_x16(std::uint32_t word) {
    return (word & 0x9f00001f) == 0x90000010;
}
// ldr x17, [x16, #imm]
bool is_load_x17(std::uint32_t word) {
    return (word & 0xffc003ff) == 0xf9400211;
}

std::uint64_t adrp_page(std::uint32_t word, std::uint64_t at) {
    const std::uint64_t low = word >> 29 & 3, high = word >> 5 & 0x7ffff;
    std::uint64_t pages = high << 2 | low;
    if ((pages & 1u << 20) != 0) pages |= ~std::uint64_t{0} << 21;
    return (at & ~std::uint64_t{0xfff}) + (pages << 12);
}

using Names = std::map<std::uint64_t, std::string>;  // by address

// The function that fills a slot; empty: none.
std::string name_of(const GElf_Rela& relocation, const ElfView& elf, const Names& indirect) {
    const auto type = GELF_R_TYPE(relocation.r_info);
    if (type == R_AARCH64_IRELATIVE) {
        const auto name = indirect.find(static_cast<std::uint64_t>(relocation.r_addend));
        return name == indirect.end() ? std::string() : name->second;
    }
    if (type != R_AARCH64_JUMP_SLOT && type != R_AARCH64_GLOB_DAT) return {};
    const ElfView::Section* dynamic = elf.of_type(SHT_DYNSYM);
    Elf_Data* data = dynamic == nullptr ? nullptr : elf_getdata(dynamic->scn, nullptr);
    const auto index = GELF_R_SYM(relocation.r_info);
    GElf_Sym symbol;
    if (data == nullptr || index > INT32_MAX ||
        gelf_getsym(data, static_cast<int>(index), &symbol) == nullptr)
        return {};
    const char* text = elf_strptr(elf.elf(), dynamic->header.sh_link, symbol.st_name);
    return text == nullptr ? std::string() : std::string(text);
}

// By the addresses of slots of the global offset table.
Names names_of_slots(const ElfView& elf, const std::vector<SymbolRow>& symbols) {
    Names indirect, names;
    for (const SymbolRow& symbol : symbols) {
        if (symbol.indirect) indirect.try_emplace(symbol.address, symbol.name);
    }
    NameBudget budget(elf.bytes());
    for (const ElfView::Section& section : elf.sections()) {
        if (section.header.sh_type != SHT_RELA || section.header.sh_entsize == 0 ||
            (section.header.sh_flags & SHF_ALLOC) == 0)
            continue;
        Elf_Data* data = elf_getdata(section.scn, nullptr);
        if (data == nullptr) continue;
        const std::uint64_t count = section.header.sh_size / section.header.sh_entsize;
        for (std::uint64_t i = 0; i < count && i <= INT32_MAX; ++i) {
            GElf_Rela relocation;
            if (gelf_getrela(data, static_cast<int>(i), &relocation) == nullptr) break;
            std::string name = name_of(relocation, elf, indirect);
            if (!budget.take(name.size())) return names;
            if (!name.empty()) names.try_emplace(relocation.r_offset, std::move(name));
        }
    }
    return names;
}

}  // namespace

std::vector<SymbolRow> plt_entries(const ElfView& elf, const std::vector<SymbolRow>& symbols) {
    std::vector<SymbolRow> entries;
    Names names;
    for (const ElfView::Section& section : elf.sections()) {
        if ((section.header.sh_flags & SHF_EXECINSTR) == 0 ||
            (!section.name.starts_with(".plt") && section.name != ".iplt"))
            continue;
        if (names.empty()) names = names_of_slots(elf, symbols);
        const Bytes code = elf.content(section);
        for (std::uint64_t at = 0; at + 8 <= code.size(); at += 4) {
            const std::uint32_t word = *load<std::uint32_t>(code, at),
                                next = *load<std::uint32_t>(code, at + 4);
            if (!is_adrp_x16(word) || !is_load_x17(next)) continue;
            const std::uint64_t address = section.header.sh_addr + at;
            const auto name =
                names.find(adrp_page(word, address) + (std::uint64_t{next >> 10 & 0xfff} << 3));
            if (name == names.end()) continue;  // the table's own header
            const bool landing = at >= 4 && load<std::uint32_t>(code, at - 4) == kBtiC;
            entries.push_back({name->second + "@plt", {}, address - (landing ? 4 : 0), 0, false});
        }
    }
    return entries;
}

}  // namespace uprobesim
