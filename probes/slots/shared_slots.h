// SPDX-License-Identifier: GPL-2.0-or-later
// Hypothetical, no kernel implements this: one page, shared by all processes, whose slots hold the
// most common first instructions of functions. It is filled once, before any process runs, and
// never written again.
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

    // Whether a page of these has a slot for the instruction.
    static bool holds(std::uint32_t word);
    // The slot that holds this instruction.
    std::optional<std::size_t> find(std::uint32_t word) const;
    // Maps the page as [uprobes-shared] at the highest free address. nullopt: no free address or no
    // memory.
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
