// SPDX-License-Identifier: GPL-2.0-or-later
// A file that probes are put in: the kernel asks for a regular file and offsets that are multiples
// of 4, so it may be anything; what it is decides which names there are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "probes/target/symbol_index.h"

namespace uprobesim {

class ProbedFile {
public:
    // `path` as the spec has it, perhaps with a zip file's member; `bytes` of the file, of the
    // whole archive for a member. Errors: no such member.
    static Result<ProbedFile> make(std::string path, std::vector<std::byte> bytes,
                                   const FileReader& other_files);

    const std::string& path() const { return path_; }
    // An ELF's; null: it is none, or damaged.
    const SymbolIndex* index() const { return index_ ? &*index_ : nullptr; }
    bool is_elf() const { return is_elf_; }
    // Why there is no index.
    const UserError& no_index() const { return no_index_; }
    // What is to be added to the index's offsets.
    std::uint64_t base() const { return base_; }
    std::uint64_t size() const { return size_; }
    // Of a file offset.
    std::optional<std::uint32_t> word_at(std::uint64_t offset) const;

private:
    std::string path_;
    std::vector<std::byte> bytes_;  // where there is no index
    std::optional<SymbolIndex> index_;
    UserError no_index_;
    bool is_elf_ = false;
    std::uint64_t base_ = 0, size_ = 0;
};

}  // namespace uprobesim
