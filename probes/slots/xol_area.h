// SPDX-License-Identifier: GPL-2.0-or-later
// The XOL (execute out of line) area: one page per process, 4-byte slots. Slot 0 holds BRK #5, the
// return trampoline; the lowest free slot is taken, so that a lone thread always uses slot 1.
// Hypothetical: 8-byte slots, whose second word is a BRK that ends the step.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "kernel_model/memory/mm.h"

namespace uprobesim {

class XolArea {
public:
    static constexpr std::size_t kSlots = kPageSize / 4;  // of 4 bytes: the most there can be

    // Maps the page as [uprobes] at the highest free address, or at `where`. nullopt: no memory or
    // no free address.
    static std::optional<XolArea> create(Mm& mm, bool brk_after_slot = false,
                                         VAddr where = VAddr(0));
    XolArea(XolArea&&) noexcept;
    XolArea& operator=(XolArea&&) = delete;
    ~XolArea();
    XolArea(const XolArea&) = delete;
    XolArea& operator=(const XolArea&) = delete;

    std::optional<std::size_t> claim();
    std::size_t free_slots() const;
    void release(std::size_t slot) { used_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64)); }
    // Stores the instruction; true when the slot's bytes changed.
    bool fill(std::size_t slot, std::uint32_t word);
    std::uint32_t word(std::size_t slot) const;
    VAddr address(std::size_t slot) const { return base_ + slot * slot_bytes_; }
    std::size_t slots() const { return kPageSize / slot_bytes_; }
    VAddr trampoline() const { return base_; }

private:
    XolArea(PhysicalMemory& memory, PAddr frame, VAddr base, bool brk_after_slot);
    void put(std::size_t slot, std::uint32_t word);

    PhysicalMemory* memory_;  // null: moved from
    PAddr frame_;
    VAddr base_;
    std::size_t slot_bytes_;
    std::array<std::uint64_t, kSlots / 64> used_{1};  // slot 0
};

}  // namespace uprobesim
