// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of an arm64 ELF and where they begin in the file. From .symtab and .dynsym; a binary
// without .symtab also gives the function starts of its unwind table, named fn_<file offset>.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"

struct Elf;  // libelf's

namespace uprobesim {

struct Function {
    std::string name;
    std::uint64_t offset = 0;  // in the file
};

class SymbolIndex {
public:
    // `name`: for messages. Errors: not an ELF, not arm64, damaged.
    static Result<SymbolIndex> build(std::vector<std::byte> bytes, std::string_view name);

    // By file offset, then name; aliases are separate entries.
    const std::vector<Function>& functions() const { return functions_; }
    std::vector<const Function*> matching(std::string_view pattern) const;  // wildcards allowed
    // At most `count` names that look like `name`.
    std::vector<std::string> near(std::string_view name, std::size_t count) const;
    // An IFUNC: the symbol is a resolver, which runs once; calls go to the function that it
    // returns.
    bool is_indirect(std::string_view name) const {
        return indirect_.find(name) != indirect_.end();
    }
    // True where the file offset lies in an executable section (without section headers: segment).
    bool in_text(std::uint64_t offset) const;
    std::optional<std::uint32_t> word_at(std::uint64_t offset) const;

private:
    struct Segment {
        std::uint64_t offset, size, address;
    };
    std::optional<std::uint64_t> offset_of(std::uint64_t address) const;
    void narrow_text(::Elf* elf);
    void add_symbols(::Elf* elf, bool& has_symtab);
    void add_unwind_table(::Elf* elf);

    std::vector<std::byte> bytes_;
    std::vector<Segment> text_;
    std::vector<Function> functions_;
    std::set<std::string, std::less<>> indirect_;
};

}  // namespace uprobesim
