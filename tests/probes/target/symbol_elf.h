// SPDX-License-Identifier: GPL-2.0-or-later
// A program with a symbol table, made byte by byte from the format's tables: sizes and offsets are
// those of Elf64_Shdr and Elf64_Sym.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "tests/kernel_model/loader/loader_support.h"

namespace uprobesim::test {

template <class T>
void put(std::vector<std::byte>& to, std::size_t at, T value) {
    REQUIRE(at + sizeof value <= to.size());
    std::memcpy(to.data() + at, &value, sizeof value);
}

inline constexpr std::uint64_t kBase = 0x400000, kTextOffset = 0x100, kTextSize = 0x40;
inline constexpr std::uint8_t kFunc = 0x12,
                              kObject = 0x11;  // STB_GLOBAL << 4 | STT_FUNC, STT_OBJECT

struct Symbol {
    const char* name = "";
    std::uint64_t address = 0;
    std::uint8_t info = kFunc;
    std::uint16_t section = 1;
};

// .text at 0x100, .symtab at 0x180, .strtab at 0x280, section headers at 0x300.
inline std::vector<std::byte> with_symbols(const std::vector<Symbol>& symbols,
                                           std::uint32_t table_type = 2) {
    TestElf elf;
    elf.size = 0x500;
    elf.segments.front().file_size = elf.segments.front().memory_size = elf.size;
    auto bytes = elf.bytes();
    std::string names(1, '\0');
    std::size_t at = 0x180;
    std::fill(bytes.begin() + 0x180, bytes.end(), std::byte{0});
    for (const Symbol& s : symbols) {
        at += 24;  // the first symbol is the null one
        put(bytes, at, static_cast<std::uint32_t>(names.size()));
        put(bytes, at + 4, s.info);
        put(bytes, at + 6, s.section);
        put(bytes, at + 8, s.address);
        names += s.name;
        names += '\0';
    }
    REQUIRE(at + 24 <= 0x280);
    std::memcpy(bytes.data() + 0x280, names.data(), names.size());
    const auto section = [&](std::size_t n, std::uint32_t type, std::uint64_t flags,
                             std::uint64_t address, std::uint64_t offset, std::uint64_t size,
                             std::uint32_t link, std::uint64_t entry) {
        const std::size_t header = 0x300 + 64 * n;
        put(bytes, header + 4, type);
        put(bytes, header + 8, flags);
        put(bytes, header + 16, address);
        put(bytes, header + 24, offset);
        put(bytes, header + 32, size);
        put(bytes, header + 40, link);
        put(bytes, header + 44, std::uint32_t{1});
        put(bytes, header + 48, std::uint64_t{8});
        put(bytes, header + 56, entry);
    };
    section(1, 1, 6, kBase + kTextOffset, kTextOffset, kTextSize, 0,
            0);  // PROGBITS, ALLOC | EXECINSTR
    section(2, table_type, 0, 0, 0x180, 24 * (symbols.size() + 1), 3, 24);  // SYMTAB or DYNSYM
    section(3, 3, 0, 0, 0x280, names.size(), 0, 0);                         // STRTAB
    put(bytes, 40, std::uint64_t{0x300});
    put(bytes, 58, std::uint16_t{64});
    put(bytes, 60, std::uint16_t{4});
    put(bytes, 62, std::uint16_t{3});
    return bytes;
}

}  // namespace uprobesim::test
