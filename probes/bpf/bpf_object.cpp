// SPDX-License-Identifier: GPL-2.0-or-later
// A function is a symbol of an executable section; references are relocations by symbol, and calls
// inside a section, which need none.
#include "probes/bpf/bpf_object.h"

#include <elf.h>
#include <fmt/format.h>

#include "probes/elf/elf_view.h"
#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::string_view kMaps = ".maps", kLegacyMaps = "maps", kSubprograms = ".text";
constexpr std::uint16_t kMachineBpf = 247;  // EM_BPF

// A section's number and an instruction or byte in it.
using Place = std::pair<std::size_t, std::uint64_t>;

class Reader {
public:
    Reader(Bytes bytes, std::string_view file_name) : elf_(bytes), names_(bytes) {
        object_.file_name = file_name;
    }

    Result<BpfObject> read() {
        TRY(check_header());
        read_symbols();
        TRY(read_functions());
        if (object_.functions.empty())
            return refuse("it has no BPF program", "compile it with clang -target bpf -g -O2 -c");
        read_maps();
        read_relocations();
        for (std::size_t f = 0; f < object_.functions.size(); ++f) refer(f);
        return std::move(object_);
    }

private:
    struct Symbol {
        std::string_view name;
        unsigned type = 0;
        std::size_t section = 0;
        std::uint64_t value = 0, size = 0;
    };
    tl::unexpected<UserError> refuse(std::string what, std::string hint = {}) const {
        return user_error(std::move(what), object_.file_name, std::move(hint));
    }

    Outcome check_header() const {
        const char* const how = "give what clang -target bpf -g -O2 -c makes of a program";
        if (!elf_.valid()) return refuse("it is no ELF file", how);
        const auto ident = load<std::array<unsigned char, EI_NIDENT>>(elf_.bytes(), 0);
        const auto machine = load<std::uint16_t>(elf_.bytes(), offsetof(Elf64_Ehdr, e_machine));
        if (!ident || !machine || (*ident)[EI_CLASS] != ELFCLASS64)
            return refuse("it is no BPF object file", how);
        if ((*ident)[EI_DATA] != ELFDATA2LSB)
            return refuse("its programs are for a big-endian machine",
                          "compile with -target bpfel");
        if (*machine != kMachineBpf)
            return refuse(fmt::format("it is for machine {}, not for BPF", *machine), how);
        return {};
    }

    void read_symbols() {
        for (const ElfView::Section& section : elf_.sections())
            numbers_.push_back(elf_ndxscn(section.scn));
        const ElfView::Section* table = elf_.of_type(SHT_SYMTAB);
        if (table == nullptr) return;
        const Bytes content = elf_.content(*table);
        const ElfView::Section* strings = numbered(table->header.sh_link);
        const Bytes names = strings == nullptr ? Bytes{} : elf_.content(*strings);
        for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= content.size();
             at += sizeof(Elf64_Sym)) {
            const auto raw = *load<Elf64_Sym>(content, at);
            Symbol symbol{{},
                          static_cast<unsigned>(ELF64_ST_TYPE(raw.st_info)),
                          raw.st_shndx,
                          raw.st_value,
                          raw.st_size};
            const auto name = string_at(names, raw.st_name);
            if (name && names_.take(name->size())) symbol.name = *name;
            symbols_.push_back(symbol);
        }
    }

    const ElfView::Section* numbered(std::size_t number) const {
        // In order of their numbers; some may be missing.
        const auto found = std::lower_bound(numbers_.begin(), numbers_.end(), number);
        if (found == numbers_.end() || *found != number) return nullptr;
        return &elf_.sections()[static_cast<std::size_t>(found - numbers_.begin())];
    }

    Outcome read_functions() {
        std::uint64_t total = 0;
        for (const Symbol& symbol : symbols_) {
            const ElfView::Section* section = numbered(symbol.section);
            if (symbol.type != STT_FUNC || section == nullptr || symbol.name.empty()) continue;
            if ((section->header.sh_flags & SHF_EXECINSTR) == 0) continue;
            const Bytes code = elf_.content(*section);
            const bool inside = symbol.size != 0 && symbol.value % kBpfInsnBytes == 0 &&
                                symbol.size % kBpfInsnBytes == 0 && symbol.value <= code.size() &&
                                symbol.size <= code.size() - symbol.value;
            if (!inside)
                return refuse(
                    fmt::format("function '{}' is not inside its section", printable(symbol.name)),
                    "the file is damaged or cut off");
            total += symbol.size / kBpfInsnBytes;
            if (total > kMostBpfInsns)
                return refuse(fmt::format("it has more than {} instructions", kMostBpfInsns),
                              "the kernel's verifier takes no more");
            const Place place{symbol.section, symbol.value / kBpfInsnBytes};
            if (!starts_.try_emplace(place, object_.functions.size()).second) continue;
            places_.push_back(place);
            object_.functions.push_back({std::string(symbol.name),
                                         std::string(section->name),
                                         section->name == kSubprograms,
                                         bpf_insns(piece(code, symbol.value, symbol.size)),
                                         {}});
        }
        return {};
    }

    void read_maps() {
        const auto described = btf_maps(elf_.content(".BTF"));
        std::map<std::size_t, std::uint64_t> of_legacy;  // how many a section defines
        for (const Symbol& symbol : symbols_) {
            const ElfView::Section* section = numbered(symbol.section);
            if (section != nullptr && section->name == kLegacyMaps && is_object(symbol))
                ++of_legacy[symbol.section];
        }
        for (const Symbol& symbol : symbols_) {
            const ElfView::Section* section = numbered(symbol.section);
            if (section == nullptr || !is_object(symbol)) continue;
            BpfMap map;
            if (section->name == kMaps) {
                const auto found = described.find(std::string(symbol.name));
                if (found != described.end()) map = found->second;
            } else if (section->name == kLegacyMaps) {
                // struct bpf_map_def: type, key_size, value_size, ...
                const Bytes content = elf_.content(*section);
                map.type = load<std::uint32_t>(content, symbol.value).value_or(0);
                map.key_size = load<std::uint32_t>(content, symbol.value + 4).value_or(0);
                map.value_size = load<std::uint32_t>(content, symbol.value + 8).value_or(0);
            } else {
                continue;
            }
            map.name = symbol.name;
            maps_.try_emplace({symbol.section, symbol.value}, object_.maps.size());
            object_.maps.push_back(std::move(map));
        }
    }
    static bool is_object(const Symbol& symbol) {
        return symbol.type == STT_OBJECT || symbol.type == STT_NOTYPE;
    }

    std::size_t data_of(std::size_t number, const ElfView::Section& section) {
        const auto [known, is_new] = data_.try_emplace(number, object_.data.size());
        if (!is_new) return known->second;
        BpfData data{std::string(section.name), section.name.starts_with(".rodata"), {}};
        if (data.constant) {
            const Bytes content = elf_.content(section);
            data.bytes.assign(content.begin(), content.end());
        }
        object_.data.push_back(std::move(data));
        return known->second;
    }

    void read_relocations() {
        for (const ElfView::Section& section : elf_.sections()) {
            if (section.header.sh_type != SHT_REL) continue;
            const ElfView::Section* target = numbered(section.header.sh_info);
            if (target == nullptr || (target->header.sh_flags & SHF_EXECINSTR) == 0) continue;
            const Bytes content = elf_.content(section);
            for (std::uint64_t at = 0; at + sizeof(Elf64_Rel) <= content.size();
                 at += sizeof(Elf64_Rel)) {
                const auto raw = *load<Elf64_Rel>(content, at);
                relocations_.try_emplace({section.header.sh_info, raw.r_offset / kBpfInsnBytes},
                                         ELF64_R_SYM(raw.r_info));
            }
        }
    }

    void refer(std::size_t index) {
        BpfFunction& function = object_.functions[index];
        const Place start = places_[index];
        const Place end{start.first, start.second + function.insns.size()};
        for (auto row = relocations_.lower_bound(start);
             row != relocations_.end() && row->first < end; ++row) {
            const std::uint64_t at = row->first.second - start.second;
            if (row->second < symbols_.size())
                function.references[at] = reference_of(symbols_[row->second], function.insns[at]);
        }
        for (std::uint64_t at = 0; at < function.insns.size(); ++at) {
            const BpfInsn& insn = function.insns[at];
            if (!insn.is_call() || insn.src != kBpfPseudoCall || function.references.contains(at))
                continue;
            const std::uint64_t target = start.second + at + 1 + as_unsigned(insn.imm);
            function.references[at] = function_at(start.first, target);
        }
    }

    // What is no function's start is not there, whatever wraps around.
    static std::uint64_t as_unsigned(std::int64_t value) {
        return static_cast<std::uint64_t>(value);
    }

    BpfReference function_at(std::size_t section, std::uint64_t insn) const {
        const auto found = starts_.find({section, insn});
        if (found == starts_.end())
            return {.kind = BpfReference::Kind::Missing, .name = "a function that is not there"};
        return {.kind = BpfReference::Kind::Function, .index = found->second};
    }

    // A reference by a section's symbol has the rest in the instruction.
    BpfReference reference_of(const Symbol& symbol, const BpfInsn& insn) {
        const ElfView::Section* section = numbered(symbol.section);
        if (section == nullptr)
            return {.kind = BpfReference::Kind::Extern, .name = std::string(symbol.name)};
        const std::uint64_t imm = as_unsigned(insn.imm);
        if ((section->header.sh_flags & SHF_EXECINSTR) != 0)
            return function_at(symbol.section,
                               symbol.value / kBpfInsnBytes + (insn.is_call() ? imm + 1 : 0));
        const std::uint64_t offset = symbol.value + (symbol.type == STT_SECTION ? imm : 0);
        if (section->name == kMaps || section->name == kLegacyMaps) {
            const auto map = maps_.find({symbol.section, offset});
            if (map == maps_.end())
                return {.kind = BpfReference::Kind::Missing, .name = "a map that is not there"};
            return {.kind = BpfReference::Kind::Map, .index = map->second};
        }
        return {.kind = BpfReference::Kind::Data,
                .index = data_of(symbol.section, *section),
                .offset = symbol.value + imm};
    }

    ElfView elf_;
    NameBudget names_;
    BpfObject object_;
    std::vector<std::size_t> numbers_;  // of elf_'s sections
    std::vector<Symbol> symbols_;
    std::map<Place, std::size_t> starts_, maps_;  // functions, maps
    std::vector<Place> places_;                   // of functions
    std::map<std::size_t, std::size_t> data_;     // by section
    std::map<Place, std::uint64_t> relocations_;  // the number of the symbol
};

}  // namespace

Result<BpfObject> read_bpf_object(Bytes bytes, std::string_view file_name) {
    return Reader(bytes, file_name).read();
}

}  // namespace uprobesim
