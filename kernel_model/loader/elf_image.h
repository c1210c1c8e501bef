// SPDX-License-Identifier: GPL-2.0-or-later
// Parses and checks the header and program headers of an arm64 ELF64 file. Nothing is mapped here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/units.h"
#include "sim/mem/prot.h"

namespace uprobesim {

struct ElfSegment {
    std::uint64_t file_offset = 0, file_size = 0;
    std::uint64_t vaddr = 0, memory_size = 0;
    std::uint64_t align = 0;
    Prot prot;
};

struct ElfImage {
    bool position_independent = false;  // ET_DYN
    std::uint64_t entry = 0;            // unrelocated
    std::uint64_t phdr_vaddr = 0;       // unrelocated, 0 when not in a segment
    std::uint16_t phdr_count = 0;
    std::vector<ElfSegment> segments;  // PT_LOAD, in file order
    std::string interpreter;           // PT_INTERP or empty
    bool executable_stack = false;     // PT_GNU_STACK
    bool branch_targets = false;       // PT_GNU_PROPERTY: made for BTI
};

// Execute: what execve asks of a program. Probe: a file whose code is looked up only; the kernel
// registers a probe by inode and offset, so that nothing is asked of its entry point, its
// interpreter or where its segments lie.
enum class ElfUse { Execute, Probe };

// `read_at(offset, span)` fills the span or returns false. `name` and `size` are of the file, for
// messages and bounds.
Result<ElfImage> parse_elf(const std::function<bool(std::uint64_t, std::span<std::byte>)>& read_at,
                           std::uint64_t size, std::string_view name, ElfUse use = ElfUse::Execute);

}  // namespace uprobesim
