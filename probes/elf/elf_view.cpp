// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/elf/elf_view.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>

namespace uprobesim {

ElfView::ElfView(Bytes bytes) : bytes_(bytes) {
    elf_version(EV_CURRENT);
    // libelf does not write to what it was opened on for reading.
    auto* memory = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
    elf_.reset(elf_memory(memory, bytes.size()));
    std::size_t names = 0;
    if (elf_ == nullptr || elf_kind(elf_.get()) != ELF_K_ELF) {
        elf_.reset();
        return;
    }
    const bool named = elf_getshdrstrndx(elf_.get(), &names) == 0;
    for (Elf_Scn* scn = nullptr; (scn = elf_nextscn(elf_.get(), scn)) != nullptr;) {
        Section section{{}, {}, scn};
        if (gelf_getshdr(scn, &section.header) == nullptr) continue;
        const char* name = named ? elf_strptr(elf_.get(), names, section.header.sh_name) : nullptr;
        if (name != nullptr) section.name = name;
        sections_.push_back(section);
    }
}

const ElfView::Section* ElfView::find(std::string_view name) const {
    const auto found = std::find_if(sections_.begin(), sections_.end(),
                                    [&](const Section& s) { return s.name == name; });
    return found == sections_.end() ? nullptr : &*found;
}

const ElfView::Section* ElfView::of_type(std::uint32_t type) const {
    const auto found = std::find_if(sections_.begin(), sections_.end(),
                                    [&](const Section& s) { return s.header.sh_type == type; });
    return found == sections_.end() ? nullptr : &*found;
}

Bytes ElfView::content(const Section& section) const {
    if (section.header.sh_type == SHT_NOBITS) return {};
    return piece(bytes_, section.header.sh_offset, section.header.sh_size);
}

Bytes ElfView::content(std::string_view name) const {
    const Section* section = find(name);
    return section == nullptr ? Bytes{} : content(*section);
}

std::string build_id_of(const ElfView& elf) {
    const Bytes note = elf.content(".note.gnu.build-id");
    const auto name_size = load<std::uint32_t>(note, 0), size = load<std::uint32_t>(note, 4),
               type = load<std::uint32_t>(note, 8);
    constexpr std::uint32_t kMostBytes = 64;
    if (!type || *type != NT_GNU_BUILD_ID || *name_size != 4 || *size > kMostBytes) return {};
    std::string digits;
    for (const std::byte b : piece(note, 16, *size))
        digits += fmt::format("{:02x}", std::to_integer<unsigned>(b));
    return digits;
}

}  // namespace uprobesim
