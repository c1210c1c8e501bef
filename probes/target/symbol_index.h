// SPDX-License-Identifier: GPL-2.0-or-later
// What can be probed in an arm64 ELF, and where it is in the file: functions by .symtab, .dynsym,
// .gnu_debugdata, a separate debug file, Go's .gopclntab; the starts of the unwind table, named
// fn_<file offset>, of a file without .symtab; IFUNC resolvers, PLT entries and USDT probes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "probes/elf/debug_files.h"
#include "probes/elf/usdt_notes.h"
#include "sim/base/error.h"

namespace uprobesim {

struct SymbolRow;

struct Function {
    enum class Kind : std::uint8_t { Code, Indirect, Plt };
    std::string name;          // "foo"; "foo@V1" of a version that is not the default one
    std::uint64_t offset = 0;  // in the file
    std::uint64_t size = 0;    // in bytes; 0: not known
    std::string version = {};  // "@@V2", the default one
    Kind kind = Kind::Code;
};

struct UsdtProbe {
    std::string provider, name, arguments;
    std::uint64_t offset = 0;                // of the instruction, in the file
    std::optional<std::uint64_t> semaphore;  // of the counter, in the file
};

class SymbolIndex {
public:
    // `name`: for messages, and the path beside which a debug file is looked for. Errors: not an
    // ELF, not arm64, damaged, a debug file.
    static Result<SymbolIndex> build(std::vector<std::byte> bytes, std::string_view name,
                                     const FileReader& other_files = {});

    // By file offset, then name; aliases are separate entries.
    const std::vector<Function>& functions() const { return functions_; }
    // IFUNC resolvers, which run once: calls go to what they return. PLT entries, "puts@plt". Both
    // in the same order.
    const std::vector<Function>& indirect_functions() const { return indirect_; }
    const std::vector<Function>& plt() const { return plt_; }
    const std::vector<UsdtProbe>& usdt() const { return usdt_; }

    // A name that stands there as it is written, with or without its version; or else what it
    // matches as a wildcard.
    std::vector<const Function*> matching(std::string_view pattern) const;
    // At most `count` names that look like `name`.
    std::vector<std::string> near(std::string_view name, std::size_t count) const;
    bool is_indirect(std::string_view name) const;
    // The function that the file offset is in; null: in none that has a size, nor after one.
    const Function* function_at(std::uint64_t offset) const;
    // True where the file offset lies in an executable section (without section headers: segment).
    bool in_text(std::uint64_t offset) const;
    std::optional<std::uint32_t> word_at(std::uint64_t offset) const;
    // Of a virtual address in the text.
    std::optional<std::uint64_t> offset_of(std::uint64_t address) const;

    const std::vector<std::byte>& bytes() const { return bytes_; }
    // The file's own, or the separate debug file's.
    Bytes debug_bytes() const { return debug_.bytes.empty() ? Bytes(bytes_) : Bytes(debug_.bytes); }
    // Where the names are from: ".symtab", ".dynsym", the debug file's path; in that order.
    const std::vector<std::string>& sources() const { return sources_; }

private:
    struct Segment {
        std::uint64_t offset, size, address;
    };
    void read(const ElfView& elf, std::string_view name, const FileReader& other_files);
    void narrow_text(const ElfView& elf);
    void add(const std::vector<SymbolRow>& rows, std::string_view source);
    void add_plt(const ElfView& elf, const std::vector<SymbolRow>& symbols);
    void add_usdt(const ElfView& elf);
    void add_unwind_table(::Elf* elf);
    void sort();

    std::vector<std::byte> bytes_;
    DebugFile debug_;
    std::vector<Segment> text_, loaded_;
    std::vector<Function> functions_, indirect_, plt_;
    std::vector<UsdtProbe> usdt_;
    std::vector<std::string> sources_;
};

}  // namespace uprobesim
