// SPDX-License-Identifier: GPL-2.0-or-later
// BPF programs written instruction by instruction, and object files of them, made byte by byte from
// the format's tables: what clang makes, with maps as libbpf 0.x had them.
#pragma once

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "probes/bpf/bpf_insn.h"

namespace uprobesim::test {

// Codes as include/uapi/linux/bpf.h composes them.
class BpfAsm {
public:
    struct MapUse {
        std::size_t insn, map;
    };
    struct Call {
        std::size_t insn;
        std::string function;
    };

    BpfAsm& emit(int code, int dst, int src, int offset, int imm) {
        insns.push_back({static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(dst),
                         static_cast<std::uint8_t>(src), static_cast<std::int16_t>(offset), imm});
        return *this;
    }
    BpfAsm& mov(int dst, int imm) { return emit(0xb7, dst, 0, 0, imm); }
    BpfAsm& mov_reg(int dst, int src) { return emit(0xbf, dst, src, 0, 0); }
    BpfAsm& alu(int operation, int dst, int imm) { return emit(0x07 | operation, dst, 0, 0, imm); }
    BpfAsm& alu_reg(int operation, int dst, int src) {
        return emit(0x0f | operation, dst, src, 0, 0);
    }
    BpfAsm& add(int dst, int imm) { return alu(0, dst, imm); }
    BpfAsm& load(int dst, int src, int offset, int size = 0x18) {
        return emit(0x61 | size, dst, src, offset, 0);
    }
    BpfAsm& store(int dst, int offset, int src, int size = 0x18) {
        return emit(0x63 | size, dst, src, offset, 0);
    }
    BpfAsm& store_imm(int dst, int offset, int imm, int size = 0x18) {
        return emit(0x62 | size, dst, 0, offset, imm);
    }
    BpfAsm& atomic_add(int dst, int offset, int src) { return emit(0xdb, dst, src, offset, 0); }
    BpfAsm& constant(int dst, std::uint64_t value) {
        emit(0x18, dst, 0, 0, static_cast<int>(static_cast<std::uint32_t>(value)));
        return emit(0, 0, 0, 0, static_cast<int>(static_cast<std::uint32_t>(value >> 32)));
    }
    // The n-th map of the object.
    BpfAsm& map(int dst, std::size_t n) {
        map_uses.push_back({insns.size(), n});
        return constant(dst, 0);
    }
    BpfAsm& helper(int number) { return emit(0x85, 0, 0, 0, number); }
    // A function of .text.
    BpfAsm& call(std::string function) {
        calls.push_back({insns.size(), std::move(function)});
        return emit(0x85, 0, 1, 0, -1);
    }
    // A function of the kernel, as clang leaves its call: that of a symbol which the object lacks.
    BpfAsm& kernel_call(std::string function) { return call(std::move(function)); }
    // Over `count` instructions.
    BpfAsm& jump_equal(int dst, int imm, int count) { return emit(0x15, dst, 0, count, imm); }
    BpfAsm& exit() { return emit(0x95, 0, 0, 0, 0); }
    BpfAsm& finish() { return mov(0, 0).exit(); }
    // r2 = the stack at `offset`.
    BpfAsm& key(int offset) { return mov_reg(2, 10).add(2, offset); }

    std::vector<BpfInsn> insns;
    std::vector<MapUse> map_uses;
    std::vector<Call> calls;
};

inline constexpr int kWord = 0x00, kDouble = 0x18;  // sizes of loads and stores
inline constexpr int kOr = 0x40, kAnd = 0x50, kLsh = 0x60, kRsh = 0x70, kMul = 0x20, kDiv = 0x30,
                     kNeg = 0x80, kMod = 0x90;
inline constexpr int kLookup = 1, kUpdate = 2, kDelete = 3;
inline constexpr std::uint32_t kHash = 1, kArray = 2, kPerfEvents = 4, kPercpuHash = 5,
                               kPercpuArray = 6, kStackTrace = 7, kLruPercpuHash = 10,
                               kRingbufMap = 27;

struct BpfElf {
    struct Program {
        std::string section, name;
        BpfAsm code;
    };
    struct Map {
        std::uint32_t type, key_size, value_size;
    };
    std::vector<Program> programs;
    std::vector<Map> maps;
    std::uint16_t machine = 247;

    std::vector<std::byte> bytes() const {
        Writer w;
        const std::size_t first = 1;  // the programs' sections, each of its own
        for (const Program& p : programs) {
            std::string code;
            for (const BpfInsn& insn : p.code.insns) {
                const std::uint8_t registers = static_cast<std::uint8_t>(insn.dst | insn.src << 4);
                append(code, insn.code);
                append(code, registers);
                append(code, insn.offset);
                append(code, insn.imm);
            }
            w.section(p.section, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, code, 0, 0, 0);
        }
        const std::size_t map_section = first + programs.size();
        std::string definitions;
        constexpr std::size_t kDefinition = 20;
        for (const Map& m : maps) {
            append(definitions, m.type);
            append(definitions, m.key_size);
            append(definitions, m.value_size);
            append(definitions, std::uint32_t{64});  // max_entries
            append(definitions, std::uint32_t{0});   // flags
        }
        w.section("maps", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, definitions, 0, 0, 0);
        std::string symbols(sizeof(Elf64_Sym), '\0'), names(1, '\0');
        const auto symbol = [&](const std::string& name, unsigned type, std::size_t section,
                                std::uint64_t value, std::uint64_t size) {
            append(symbols, static_cast<std::uint32_t>(names.size()));
            append(symbols, static_cast<std::uint8_t>(ELF64_ST_INFO(STB_GLOBAL, type)));
            append(symbols, std::uint8_t{0});
            append(symbols, static_cast<std::uint16_t>(section));
            append(symbols, value);
            append(symbols, size);
            names += name;
            names += '\0';
        };
        for (std::size_t p = 0; p < programs.size(); ++p)
            symbol(programs[p].name, STT_FUNC, first + p, 0, 8 * programs[p].code.insns.size());
        for (std::size_t m = 0; m < maps.size(); ++m)
            symbol("map" + std::to_string(m), STT_OBJECT, map_section, kDefinition * m,
                   kDefinition);
        std::vector<std::string> elsewhere;  // functions that are none of the object's
        const auto is_program = [&](const std::string& name) {
            return std::any_of(programs.begin(), programs.end(),
                               [&](const Program& p) { return p.name == name; });
        };
        for (const Program& p : programs) {
            for (const auto& call : p.code.calls) {
                if (is_program(call.function)) continue;
                elsewhere.push_back(call.function);
                symbol(call.function, STT_NOTYPE, SHN_UNDEF, 0, 0);
            }
        }
        const std::size_t symbol_section = map_section + 1;
        w.section(".symtab", SHT_SYMTAB, 0, symbols, symbol_section + 1, 1, sizeof(Elf64_Sym));
        w.section(".strtab", SHT_STRTAB, 0, names, 0, 0, 0);
        for (std::size_t p = 0; p < programs.size(); ++p) {
            std::string rows;
            const auto row = [&](std::size_t insn, std::size_t number, std::uint32_t type) {
                append(rows, std::uint64_t{8 * insn});
                append(rows, ELF64_R_INFO(static_cast<std::uint64_t>(number), type));
            };
            for (const auto& use : programs[p].code.map_uses)
                row(use.insn, 1 + programs.size() + use.map, 1);  // R_BPF_64_64
            for (const auto& call : programs[p].code.calls) {
                std::size_t target = 0;
                while (target < programs.size() && programs[target].name != call.function) ++target;
                if (target == programs.size()) {
                    const auto there = std::find(elsewhere.begin(), elsewhere.end(), call.function);
                    target += maps.size() + static_cast<std::size_t>(there - elsewhere.begin());
                }
                row(call.insn, 1 + target, 10);  // R_BPF_64_32
            }
            if (!rows.empty())
                w.section(".rel" + programs[p].section, SHT_REL, 0, rows, symbol_section, first + p,
                          sizeof(Elf64_Rel));
        }
        return w.file(machine);
    }

private:
    template <class T>
    static void append(std::string& to, T value) {
        to.append(reinterpret_cast<const char*>(&value), sizeof value);
    }

    class Writer {
    public:
        void section(const std::string& name, std::uint32_t type, std::uint64_t flags,
                     const std::string& content, std::size_t link, std::size_t info,
                     std::uint64_t entry) {
            Elf64_Shdr header{};
            header.sh_name = static_cast<std::uint32_t>(names_.size());
            header.sh_type = type;
            header.sh_flags = flags;
            header.sh_offset = sizeof(Elf64_Ehdr) + content_.size();
            header.sh_size = content.size();
            header.sh_link = static_cast<std::uint32_t>(link);
            header.sh_info = static_cast<std::uint32_t>(info);
            header.sh_addralign = 8;
            header.sh_entsize = entry;
            names_ += name;
            names_ += '\0';
            content_ += content;
            content_.resize((content_.size() + 7) / 8 * 8, '\0');
            headers_.push_back(header);
        }
        std::vector<std::byte> file(std::uint16_t machine) {
            section(".shstrtab", SHT_STRTAB, 0, names_ + ".shstrtab" + std::string(1, '\0'), 0, 0,
                    0);
            Elf64_Ehdr head{};
            std::memcpy(head.e_ident, ELFMAG, SELFMAG);
            head.e_ident[EI_CLASS] = ELFCLASS64;
            head.e_ident[EI_DATA] = ELFDATA2LSB;
            head.e_ident[EI_VERSION] = EV_CURRENT;
            head.e_type = ET_REL;
            head.e_machine = machine;
            head.e_version = EV_CURRENT;
            head.e_ehsize = sizeof head;
            head.e_shentsize = sizeof(Elf64_Shdr);
            head.e_shoff = sizeof head + content_.size();
            head.e_shnum = static_cast<std::uint16_t>(headers_.size());
            head.e_shstrndx = static_cast<std::uint16_t>(headers_.size() - 1);
            std::string all(reinterpret_cast<const char*>(&head), sizeof head);
            all += content_;
            all.append(reinterpret_cast<const char*>(headers_.data()),
                       headers_.size() * sizeof(Elf64_Shdr));
            const auto* begin = reinterpret_cast<const std::byte*>(all.data());
            return {begin, begin + all.size()};
        }

    private:
        std::string content_, names_ = std::string(1, '\0');
        std::vector<Elf64_Shdr> headers_ = {Elf64_Shdr{}};
    };
};

}  // namespace uprobesim::test
