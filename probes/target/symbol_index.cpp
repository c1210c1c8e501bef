// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/symbol_index.h"

#include <elf.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>
#include <tuple>

#include "kernel_model/loader/elf_image.h"
#include "probes/target/spec.h"
#include "probes/target/unwind_table.h"
#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

template <class T>
std::optional<T> load(const std::vector<std::byte>& bytes, std::uint64_t at) {
    if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

}  // namespace

Result<SymbolIndex> SymbolIndex::build(std::vector<std::byte> bytes, std::string_view name) {
    SymbolIndex index;
    index.bytes_ = std::move(bytes);
    const auto read_at = [&](std::uint64_t offset, std::span<std::byte> to) {
        if (offset > index.bytes_.size() || index.bytes_.size() - offset < to.size()) return false;
        std::memcpy(to.data(), index.bytes_.data() + offset, to.size());
        return true;
    };
    auto image = TRY(parse_elf(read_at, index.bytes_.size(), name, ElfUse::Probe));
    for (const ElfSegment& s : image.segments) {
        if (s.prot.exec) index.text_.push_back({s.file_offset, s.file_size, s.vaddr});
    }
    elf_version(EV_CURRENT);
    const std::unique_ptr<Elf, int (*)(Elf*)> elf(
        elf_memory(reinterpret_cast<char*>(index.bytes_.data()), index.bytes_.size()), elf_end);
    if (elf) {
        index.narrow_text(elf.get());
        bool has_symtab = false;
        index.add_symbols(elf.get(), has_symtab);
        if (!has_symtab) index.add_unwind_table(elf.get());
    }
    std::sort(index.functions_.begin(), index.functions_.end(),
              [](const Function& a, const Function& b) {
                  return std::tie(a.offset, a.name) < std::tie(b.offset, b.name);
              });
    index.functions_.erase(std::unique(index.functions_.begin(), index.functions_.end(),
                                       [](const Function& a, const Function& b) {
                                           return a.offset == b.offset && a.name == b.name;
                                       }),
                           index.functions_.end());
    return index;
}

std::optional<std::uint64_t> SymbolIndex::offset_of(std::uint64_t address) const {
    for (const Segment& s : text_) {
        if (address >= s.address && address - s.address < s.size)
            return s.offset + (address - s.address);
    }
    return std::nullopt;
}

// An executable segment also holds headers and tables; where there are section headers, they say
// what is code.
void SymbolIndex::narrow_text(::Elf* elf) {
    std::vector<Segment> code;
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_PROGBITS ||
            (header.sh_flags & SHF_EXECINSTR) == 0)
            continue;
        const bool mapped = std::any_of(text_.begin(), text_.end(), [&](const Segment& s) {
            return header.sh_offset >= s.offset && header.sh_offset - s.offset < s.size;
        });
        if (mapped) code.push_back({header.sh_offset, header.sh_size, header.sh_addr});
    }
    if (!code.empty()) text_ = std::move(code);
}

void SymbolIndex::add_symbols(Elf* elf, bool& has_symtab) {
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == nullptr ||
            (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
            continue;
        has_symtab = has_symtab || header.sh_type == SHT_SYMTAB;
        Elf_Data* data = elf_getdata(section, nullptr);
        if (data == nullptr || header.sh_entsize == 0) continue;
        const std::uint64_t count = header.sh_size / header.sh_entsize;
        for (std::uint64_t i = 0; i < count && i <= INT32_MAX; ++i) {
            GElf_Sym symbol;
            if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
            const auto type = GELF_ST_TYPE(symbol.st_info);
            if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF)
                continue;
            const char* text = elf_strptr(elf, header.sh_link, symbol.st_name);
            const auto offset = offset_of(symbol.st_value);
            if (text == nullptr || *text == '\0' || !offset) continue;
            if (type == STT_GNU_IFUNC) {
                indirect_.emplace(text);
                continue;
            }
            functions_.push_back({text, *offset});
        }
    }
}

void SymbolIndex::add_unwind_table(Elf* elf) {
    std::set<std::uint64_t> known;
    for (const Function& f : functions_) known.insert(f.offset);
    for (const std::uint64_t address : unwind_starts(elf, bytes_)) {
        const auto offset = offset_of(address);
        if (offset && known.insert(*offset).second)
            functions_.push_back({fmt::format("fn_{:x}", *offset), *offset});
    }
}

std::vector<const Function*> SymbolIndex::matching(std::string_view pattern) const {
    std::vector<const Function*> found;
    for (const Function& f : functions_) {
        if (matches_wildcard(pattern, f.name)) found.push_back(&f);
    }
    return found;
}

std::vector<std::string> SymbolIndex::near(std::string_view name, std::size_t count) const {
    std::set<std::pair<std::size_t, std::string>> ranked;
    for (const Function& f : functions_) {
        const std::size_t distance = edit_distance(name, f.name);
        if (distance <= std::max<std::size_t>(2, name.size() / 3)) ranked.emplace(distance, f.name);
    }
    std::vector<std::string> names;
    for (const auto& [distance, text] : ranked) {
        if (names.size() == count) break;
        names.push_back(text);
    }
    return names;
}

bool SymbolIndex::in_text(std::uint64_t offset) const {
    return std::any_of(text_.begin(), text_.end(), [&](const Segment& s) {
        return offset >= s.offset && offset - s.offset < s.size;
    });
}

std::optional<std::uint32_t> SymbolIndex::word_at(std::uint64_t offset) const {
    return load<std::uint32_t>(bytes_, offset);
}

}  // namespace uprobesim
