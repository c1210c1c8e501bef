// SPDX-License-Identifier: GPL-2.0-or-later
// Where functions begin according to an ELF's unwind information, which strip leaves in place: the
// sorted table of .eh_frame_hdr, or where the linker made none (static programs), the entries of
// .eh_frame themselves. How long they are, the entries say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

struct Elf;  // libelf's

namespace uprobesim {

struct UnwindRange {
    std::uint64_t address = 0;  // virtual
    std::uint64_t size = 0;     // in bytes; 0: not known
};

// In no order, as the file has them: the caller must check them. `file` is the content of `elf`.
std::vector<UnwindRange> unwind_ranges(::Elf* elf, std::span<const std::byte> file);

}  // namespace uprobesim
