// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/elf/go_functions.h"

#include <elf.h>

#include <algorithm>
#include <optional>

namespace uprobesim {
namespace {

constexpr std::uint32_t kGo12 = 0xfffffffb, kGo116 = 0xfffffffa, kGo118 = 0xfffffff0,
                        kGo120 = 0xfffffff1;
constexpr std::uint64_t kWord = 8;  // of an arm64 program's table

struct Layout {
    std::uint64_t functions = 0;  // their number
    std::uint64_t text = 0;       // what entries are relative to
    std::uint64_t names = 0;      // offsets in the table
    std::uint64_t table = 0;
    std::uint64_t field = kWord;  // bytes of a field of the table
};

// A field of a position-independent program may be in a relocation only.
std::optional<std::uint64_t> relocated(const ElfView& elf, std::uint64_t address) {
    for (const ElfView::Section& section : elf.sections()) {
        if (section.header.sh_type != SHT_RELA || (section.header.sh_flags & SHF_ALLOC) == 0)
            continue;
        const Bytes rows = elf.content(section);
        for (std::uint64_t at = 0; at + sizeof(Elf64_Rela) <= rows.size();
             at += sizeof(Elf64_Rela)) {
            const auto row = load<Elf64_Rela>(rows, at);
            if (row->r_offset == address && ELF64_R_TYPE(row->r_info) == R_AARCH64_RELATIVE)
                return static_cast<std::uint64_t>(row->r_addend);
        }
    }
    return std::nullopt;
}

std::optional<Layout> layout_of(const ElfView& elf, const ElfView::Section& section, Bytes table) {
    const auto magic = load<std::uint32_t>(table, 0);
    const auto pointer = load<std::uint8_t>(table, 7);
    if (!magic || !pointer || *pointer != kWord) return std::nullopt;
    const auto header = [&](std::uint64_t n) {
        return load<std::uint64_t>(table, kWord + n * kWord).value_or(table.size());
    };
    Layout layout;
    layout.functions = header(0);
    if (*magic == kGo12) {
        layout.table = kWord + kWord;
    } else if (*magic == kGo116) {
        layout.names = header(2);
        layout.table = header(6);
    } else if (*magic == kGo118 || *magic == kGo120) {
        layout.text = header(2);
        layout.names = header(3);
        layout.table = header(7);
        layout.field = sizeof(std::uint32_t);
        const ElfView::Section* text = elf.find(".text");
        if (layout.text == 0)
            layout.text = relocated(elf, section.header.sh_addr + 3 * kWord)
                              .value_or(text == nullptr ? 0 : text->header.sh_addr);
    } else {
        return std::nullopt;
    }
    return layout;
}

std::optional<std::uint64_t> field_at(Bytes table, std::uint64_t at, std::uint64_t size) {
    if (size == kWord) return load<std::uint64_t>(table, at);
    const auto value = load<std::uint32_t>(table, at);
    return value ? std::optional<std::uint64_t>(*value) : std::nullopt;
}

}  // namespace

std::vector<SymbolRow> go_functions(const ElfView& elf) {
    std::vector<SymbolRow> functions;
    const ElfView::Section* section = elf.find(".gopclntab");
    if (section == nullptr) section = elf.find(".data.rel.ro.gopclntab");
    if (section == nullptr) return functions;
    const Bytes table = elf.content(*section);
    const auto layout = layout_of(elf, *section, table);
    if (!layout) return functions;
    const Bytes rows = piece(table, layout->table), names = piece(table, layout->names);
    // Of Go 1.2 the records are counted from the start of the whole table.
    const Bytes records = layout->names == 0 ? table : rows;
    NameBudget budget(elf.bytes());
    for (std::uint64_t n = 0; n < layout->functions; ++n) {
        const std::uint64_t at = 2 * layout->field * n;
        const auto entry = field_at(rows, at, layout->field),
                   record = field_at(rows, at + layout->field, layout->field),
                   next = field_at(rows, at + 2 * layout->field, layout->field);
        if (!entry || !record) break;
        const auto name = load<std::uint32_t>(records, *record + layout->field);
        const auto text = name ? string_at(names, *name) : std::nullopt;
        if (!text || text->empty()) continue;
        if (!budget.take(text->size())) break;
        functions.push_back({std::string(*text),
                             {},
                             layout->text + *entry,
                             next && *next > *entry ? *next - *entry : 0,
                             false});
    }
    return functions;
}

}  // namespace uprobesim
