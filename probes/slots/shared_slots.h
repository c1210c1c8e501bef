// SPDX-License-Identifier: GPL-2.0-or-later
// Nobody built it: one page for the whole system whose slots hold the instructions that functions
// often begin with. It is filled once, before any process runs, and never written again: each
// process maps the same frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernel_model/memory/mm.h"

namespace uprobesim {

class SharedSlots {
public:
    // nullopt: no memory.
    static std::optional<SharedSlots> create(PhysicalMemory& memory, bool brk_after_slot);
    SharedSlots(SharedSlots&&) noexcept;
    SharedSlots& operator=(SharedSlots&&) = delete;
    ~SharedSlots();
    SharedSlots(const SharedSlots&) = delete;
    SharedSlots& operator=(const SharedSlots&) = delete;

    // The slot that holds this instruction.
    std::optional<std::size_t> find(std::uint32_t word) const;
    // As [uprobes-shared], at the top-most free address. nullopt: no room.
    std::optional<VAddr> map(Mm& mm) const;
    VAddr address(VAddr base, std::size_t slot) const { return base + slot * slot_bytes_; }

private:
    SharedSlots(PhysicalMemory& memory, PAddr frame, bool brk_after_slot);

    PhysicalMemory* memory_;  // null: moved from
    PAddr frame_;
    std::size_t slot_bytes_;
    std::vector<std::uint32_t> words_;  // by slot
};

}  // namespace uprobesim
