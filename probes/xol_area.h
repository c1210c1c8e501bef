// SPDX-License-Identifier: GPL-2.0-or-later
// The XOL (execute out of line) area: one page per process, 4-byte slots. Slot 0
// holds BRK #5, the return trampoline; the lowest free slot is taken, so that a
// lone thread always uses slot 1.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "kernel_model/memory/mm.h"

namespace uprobesim {

inline constexpr std::uint32_t kUprobeBrk = 0xd42000a0;  // BRK #5: UPROBES_BRK_IMM
inline constexpr std::uint16_t kUprobeBrkImm = 5;

class XolArea {
public:
    static constexpr std::size_t kSlotBytes = 4;
    static constexpr std::size_t kSlots = kPageSize / kSlotBytes;

    // Maps the page at the top-most free address as [uprobes]. nullopt: no memory or no room.
    static std::optional<XolArea> create(Mm& mm);
    XolArea(XolArea&&) noexcept;
    XolArea& operator=(XolArea&&) = delete;
    ~XolArea();

    std::optional<std::size_t> claim();
    void release(std::size_t slot) { used_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64)); }
    // Stores the instruction; true when the slot's bytes changed.
    bool fill(std::size_t slot, std::uint32_t word);
    std::uint32_t word(std::size_t slot) const;
    VAddr address(std::size_t slot) const { return base_ + slot * kSlotBytes; }
    VAddr trampoline() const { return base_; }

private:
    XolArea(PhysicalMemory& memory, PAddr frame, VAddr base) : memory_(&memory), frame_(frame), base_(base) {}

    PhysicalMemory* memory_;  // null: moved from
    PAddr frame_;
    VAddr base_;
    std::array<std::uint64_t, kSlots / 64> used_{1};  // slot 0
};

}  // namespace uprobesim
