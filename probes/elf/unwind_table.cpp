// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/elf/unwind_table.h"

#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <libelf.h>

#include <array>
#include <map>
#include <string_view>

#include "probes/elf/bytes.h"

namespace uprobesim {

namespace {

// The encodings that linkers write: signed 32-bit offsets from the header, after a 32-bit count.
constexpr std::uint8_t kTableEncoding = DW_EH_PE_datarel | DW_EH_PE_sdata4,
                       kCountEncoding = DW_EH_PE_udata4;

std::uint64_t extended(std::int32_t value) {
    return static_cast<std::uint64_t>(std::int64_t{value});
}

bool read_header_table(::Elf* elf, std::span<const std::byte> file,
                       std::vector<UnwindRange>& ranges) {
    std::size_t count = 0;
    if (elf_getphdrnum(elf, &count) != 0) return false;
    for (std::size_t i = 0; i < count && i <= INT32_MAX; ++i) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr ||
            header.p_type != PT_GNU_EH_FRAME)
            continue;
        // Version 1; encodings of the pointer to .eh_frame, of the count, of the table.
        const auto head = load<std::array<std::uint8_t, 4>>(file, header.p_offset);
        if (!head || (*head)[0] != 1 || (*head)[1] == DW_EH_PE_omit ||
            (*head)[2] != kCountEncoding || (*head)[3] != kTableEncoding)
            return false;
        const auto entries = load<std::uint32_t>(file, header.p_offset + 8);
        for (std::uint64_t n = 0; entries && n < *entries; ++n) {
            const auto relative = load<std::int32_t>(file, header.p_offset + 12 + 8 * n);
            if (!relative) break;
            ranges.push_back({header.p_vaddr + extended(*relative)});
        }
        return true;
    }
    return false;
}

// The encoding of addresses in the FDEs of a CIE: the byte for 'R' in its augmentation data.
std::optional<std::uint8_t> address_encoding(const Dwarf_CIE& cie) {
    std::string_view letters(cie.augmentation);
    if (letters.empty() || letters.front() != 'z') return DW_EH_PE_absptr;
    std::span<const std::uint8_t> data(cie.augmentation_data, cie.augmentation_data_size);
    for (const char letter : letters.substr(1)) {
        if (letter == 'S' || letter == 'B') continue;  // no data
        if (data.empty()) return std::nullopt;
        if (letter == 'R') return data[0];
        std::size_t size = 1;
        if (letter == 'P') {  // the personality routine, in its own encoding
            const unsigned format = data[0] & 7u;
            size += format == (DW_EH_PE_udata4 & 7u) ? 4 : format == (DW_EH_PE_udata2 & 7u) ? 2 : 8;
        } else if (letter != 'L') {
            return std::nullopt;
        }
        if (data.size() < size) return std::nullopt;
        data = data.subspan(size);
    }
    return DW_EH_PE_absptr;
}

// An FDE's first address and its number of bytes, which has the same format. `at`: the virtual
// address of the first of the two fields.
std::optional<UnwindRange> range_of(std::span<const std::byte> fields, std::uint64_t at,
                                    std::uint8_t encoding) {
    std::optional<std::uint64_t> first, size;
    switch (encoding & 0x0f) {
        case DW_EH_PE_absptr:
        case DW_EH_PE_udata8:
        case DW_EH_PE_sdata8:
            first = load<std::uint64_t>(fields, 0);
            size = load<std::uint64_t>(fields, 8);
            break;
        case DW_EH_PE_udata4:
            first = load<std::uint32_t>(fields, 0);
            size = load<std::uint32_t>(fields, 4);
            break;
        case DW_EH_PE_sdata4:
            if (const auto relative = load<std::int32_t>(fields, 0)) first = extended(*relative);
            size = load<std::uint32_t>(fields, 4);
            break;
        default: return std::nullopt;
    }
    if (!first) return std::nullopt;
    switch (encoding & 0x70) {
        case DW_EH_PE_absptr: return UnwindRange{*first, size.value_or(0)};
        case DW_EH_PE_pcrel: return UnwindRange{at + *first, size.value_or(0)};
        default: return std::nullopt;
    }
}

void read_entries(::Elf* elf, std::vector<UnwindRange>& ranges) {
    std::size_t names = 0;
    const char* ident = elf_getident(elf, nullptr);
    if (ident == nullptr || elf_getshdrstrndx(elf, &names) != 0) return;
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == nullptr || header.sh_type == SHT_NOBITS) continue;
        const char* name = elf_strptr(elf, names, header.sh_name);
        if (name == nullptr || std::string_view(name) != ".eh_frame") continue;
        Elf_Data* data = elf_rawdata(section, nullptr);
        if (data == nullptr || data->d_buf == nullptr) return;
        const auto* begin = static_cast<const std::uint8_t*>(data->d_buf);
        const auto* e_ident = reinterpret_cast<const unsigned char*>(ident);
        Dwarf_CFI_Entry entry;
        for (Dwarf_Off at = 0, next = 0;
             dwarf_next_cfi(e_ident, data, true, at, &next, &entry) == 0 && next > at; at = next) {
            if (dwarf_cfi_cie_p(&entry)) continue;
            const Dwarf_FDE fde = entry.fde;
            Dwarf_CFI_Entry cie;
            Dwarf_Off ignored = 0;
            if (fde.CIE_pointer >= data->d_size ||
                dwarf_next_cfi(e_ident, data, true, fde.CIE_pointer, &ignored, &cie) != 0 ||
                !dwarf_cfi_cie_p(&cie))
                continue;
            const auto encoding = address_encoding(cie.cie);
            if (!encoding) continue;
            const auto fields = std::as_bytes(std::span(fde.start, fde.end));
            const auto range = range_of(
                fields, header.sh_addr + static_cast<std::uint64_t>(fde.start - begin), *encoding);
            if (range) ranges.push_back(*range);
        }
        return;
    }
}

}  // namespace

std::vector<UnwindRange> unwind_ranges(::Elf* elf, std::span<const std::byte> file) {
    std::vector<UnwindRange> entries, starts;
    read_entries(elf, entries);
    if (!read_header_table(elf, file, starts)) return entries;
    // The table has no sizes.
    std::map<std::uint64_t, std::uint64_t> sizes;
    for (const UnwindRange& entry : entries) sizes.emplace(entry.address, entry.size);
    for (UnwindRange& one : starts) {
        if (const auto known = sizes.find(one.address); known != sizes.end())
            one.size = known->second;
    }
    return starts;
}

}  // namespace uprobesim
