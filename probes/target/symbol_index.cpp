// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/symbol_index.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "kernel_model/loader/elf_image.h"
#include "probes/elf/go_functions.h"
#include "probes/elf/plt_entries.h"
#include "probes/elf/symbol_tables.h"
#include "probes/elf/unwind_table.h"
#include "probes/target/spec.h"
#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

void sort_functions(std::vector<Function>& functions) {
    // One that tells its version before one of the same name that does not.
    std::sort(functions.begin(), functions.end(), [](const Function& a, const Function& b) {
        return std::tie(a.offset, a.name, b.version) < std::tie(b.offset, b.name, a.version);
    });
    functions.erase(std::unique(functions.begin(), functions.end(),
                                [](const Function& a, const Function& b) {
                                    return a.offset == b.offset && a.name == b.name;
                                }),
                    functions.end());
}

// "foo" of "foo@V1".
std::string_view base_name(const Function& f) {
    return std::string_view(f.name).substr(0, f.name.find('@', 1));
}

// "foo@@V2", and "foo@V2" too, of foo whose default version is V2.
bool is_versioned(const Function& f, std::string_view name) {
    if (f.version.empty() || !name.starts_with(f.name)) return false;
    const std::string_view version = name.substr(f.name.size());
    return version == f.version || version == std::string_view(f.version).substr(1);
}

}  // namespace

Result<SymbolIndex> SymbolIndex::build(std::vector<std::byte> bytes, std::string_view name,
                                       const FileReader& other_files) {
    SymbolIndex index;
    index.bytes_ = std::move(bytes);
    const auto read_at = [&](std::uint64_t offset, std::span<std::byte> to) {
        if (offset > index.bytes_.size() || index.bytes_.size() - offset < to.size()) return false;
        std::memcpy(to.data(), index.bytes_.data() + offset, to.size());
        return true;
    };
    auto image = TRY(parse_elf(read_at, index.bytes_.size(), name, ElfUse::Probe));
    for (const ElfSegment& s : image.segments) {
        index.loaded_.push_back({s.file_offset, s.file_size, s.vaddr});
        if (s.prot.exec) index.text_.push_back(index.loaded_.back());
    }
    const ElfView elf(index.bytes_);
    if (elf.valid() && is_debug_file(elf))
        return user_error("this is a debug file: it has symbols, but no code", std::string(name),
                          "name the program itself; its debug file is found beside it and below "
                          "/usr/lib/debug");
    if (elf.valid()) index.read(elf, name, other_files);
    index.sort();
    return index;
}

void SymbolIndex::read(const ElfView& elf, std::string_view name, const FileReader& other_files) {
    narrow_text(elf);
    std::vector<SymbolRow> symbols = read_symbols(elf, SHT_SYMTAB);
    const bool stripped = symbols.empty() && elf.of_type(SHT_SYMTAB) == nullptr;
    add(symbols, ".symtab");
    const std::vector<SymbolRow> dynamic = read_symbols(elf, SHT_DYNSYM);
    add(dynamic, ".dynsym");
    symbols.insert(symbols.end(), dynamic.begin(), dynamic.end());
    add_plt(elf, symbols);
    add_usdt(elf);
    // Line tables may be in a debug file whatever is left of the symbols.
    if (elf.find(".debug_line") == nullptr) {
        if (auto debug = find_debug_file(elf, name, other_files)) debug_ = std::move(*debug);
    }
    if (!stripped) return;
    bool all_known = false;
    if (!debug_.bytes.empty()) {
        const auto rows = read_symbols(ElfView(debug_.bytes), SHT_SYMTAB);
        all_known = !rows.empty();
        add(rows, debug_.path);
    }
    const auto embedded = embedded_symbols(elf);
    add(read_symbols(ElfView(embedded), SHT_SYMTAB), ".gnu_debugdata");
    add(go_functions(elf), ".gopclntab");
    if (!all_known) add_unwind_table(elf.elf());
}

void SymbolIndex::sort() {
    for (auto* functions : {&functions_, &indirect_, &plt_}) sort_functions(*functions);
    std::stable_sort(usdt_.begin(), usdt_.end(), [](const UsdtProbe& a, const UsdtProbe& b) {
        return std::tie(a.provider, a.name, a.offset) < std::tie(b.provider, b.name, b.offset);
    });
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
void SymbolIndex::narrow_text(const ElfView& elf) {
    std::vector<Segment> code;
    for (const ElfView::Section& section : elf.sections()) {
        const GElf_Shdr& header = section.header;
        if (header.sh_type != SHT_PROGBITS || (header.sh_flags & SHF_EXECINSTR) == 0) continue;
        const bool mapped = std::any_of(text_.begin(), text_.end(), [&](const Segment& s) {
            return header.sh_offset >= s.offset && header.sh_offset - s.offset < s.size;
        });
        if (mapped) code.push_back({header.sh_offset, header.sh_size, header.sh_addr});
    }
    if (!code.empty()) text_ = std::move(code);
}

void SymbolIndex::add(const std::vector<SymbolRow>& rows, std::string_view source) {
    bool any = false;
    for (const SymbolRow& row : rows) {
        const auto offset = offset_of(row.address);
        if (!offset) continue;
        any = true;
        const auto kind = row.indirect ? Function::Kind::Indirect : Function::Kind::Code;
        (row.indirect ? indirect_ : functions_)
            .push_back({row.name, *offset, row.size, row.version, kind});
    }
    if (any) sources_.emplace_back(source);
}

void SymbolIndex::add_plt(const ElfView& elf, const std::vector<SymbolRow>& symbols) {
    for (const SymbolRow& row : plt_entries(elf, symbols)) {
        if (const auto offset = offset_of(row.address))
            plt_.push_back({row.name, *offset, 0, {}, Function::Kind::Plt});
    }
}

void SymbolIndex::add_usdt(const ElfView& elf) {
    for (UsdtNote& note : usdt_notes(elf)) {
        const auto offset = offset_of(note.address);
        if (!offset) continue;
        UsdtProbe probe{std::move(note.provider), std::move(note.name), std::move(note.arguments),
                        *offset, std::nullopt};
        for (const Segment& s : loaded_) {
            if (note.semaphore != 0 && note.semaphore >= s.address &&
                note.semaphore - s.address < s.size)
                probe.semaphore = s.offset + (note.semaphore - s.address);
        }
        usdt_.push_back(std::move(probe));
    }
}

void SymbolIndex::add_unwind_table(::Elf* elf) {
    std::set<std::uint64_t> known;
    for (const auto* functions : {&functions_, &indirect_, &plt_}) {
        for (const Function& f : *functions) known.insert(f.offset);
    }
    bool any = false;
    for (const UnwindRange& range : unwind_ranges(elf, bytes_)) {
        const auto offset = offset_of(range.address);
        if (!offset || !known.insert(*offset).second) continue;
        functions_.push_back({fmt::format("fn_{:x}", *offset), *offset, range.size});
        any = true;
    }
    if (any) sources_.emplace_back(".eh_frame");
}

std::vector<const Function*> SymbolIndex::matching(std::string_view pattern) const {
    std::vector<const Function*> exact, of_hidden_version, wild;
    const bool wildcard = pattern.find_first_of("*?") != pattern.npos;
    for (const Function& f : functions_) {
        if (f.name == pattern || is_versioned(f, pattern)) {
            exact.push_back(&f);
        } else if (base_name(f) == pattern) {
            of_hidden_version.push_back(&f);
        } else if (wildcard && (matches_wildcard(pattern, f.name) ||
                                (!f.version.empty() && pattern.find('@') != pattern.npos &&
                                 matches_wildcard(pattern, f.name + f.version)))) {
            wild.push_back(&f);
        }
    }
    if (!exact.empty()) return exact;
    return of_hidden_version.empty() ? wild : of_hidden_version;
}

bool SymbolIndex::is_indirect(std::string_view name) const {
    return std::any_of(indirect_.begin(), indirect_.end(),
                       [&](const Function& f) { return f.name == name || base_name(f) == name; });
}

std::vector<std::string> SymbolIndex::near(std::string_view name, std::size_t count) const {
    std::set<std::pair<std::size_t, std::string>> ranked;
    const std::size_t most = std::max<std::size_t>(2, name.size() / 3);
    for (const Function& f : functions_) {
        const std::size_t longer = std::max(name.size(), f.name.size()),
                          shorter = std::min(name.size(), f.name.size());
        if (longer - shorter > most) continue;
        const std::size_t distance = edit_distance(name, f.name);
        if (distance <= most) ranked.emplace(distance, f.name);
    }
    std::vector<std::string> names;
    for (const auto& [distance, text] : ranked) {
        if (names.size() == count) break;
        names.push_back(text);
    }
    return names;
}

const Function* SymbolIndex::function_at(std::uint64_t offset) const {
    const auto after =
        std::upper_bound(functions_.begin(), functions_.end(), offset,
                         [](std::uint64_t o, const Function& f) { return o < f.offset; });
    if (after == functions_.begin()) return nullptr;
    const std::uint64_t start = std::prev(after)->offset;
    const auto first =
        std::lower_bound(functions_.begin(), after, start,
                         [](const Function& f, std::uint64_t o) { return f.offset < o; });
    for (auto f = first; f != after; ++f) {
        if (f->size == 0 || offset - f->offset < f->size) return &*f;
    }
    return nullptr;
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
