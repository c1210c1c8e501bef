// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/slots/xol_area.h"

#include <bit>
#include <cstring>
#include <utility>

#include "probes/slots/breakpoint.h"

namespace uprobesim {

std::optional<XolArea> XolArea::create(Mm& mm, bool brk_after_slot, VAddr where) {
    PhysicalMemory& memory = mm.machine().memory;
    const auto frame = memory.allocate();
    if (!frame) return std::nullopt;
    // One reference for the mapping, which the guest may unmap, and one for the area.
    memory.add_ref(*frame);
    const auto base = mm.map_special("[uprobes]", *frame, {false, false, true}, where);
    if (!base) {
        memory.release(*frame);
        memory.release(*frame);
        return std::nullopt;
    }
    return XolArea(memory, *frame, *base, brk_after_slot);
}

XolArea::XolArea(PhysicalMemory& memory, PAddr frame, VAddr base, bool brk_after_slot)
    : memory_(&memory), frame_(frame), base_(base), slot_bytes_(brk_after_slot ? 8 : 4) {
    put(0, kUprobeBrk);
    for (std::size_t slot = 1; brk_after_slot && slot < slots(); ++slot) {
        std::memcpy(memory_->bytes(frame_).data() + slot * slot_bytes_ + 4, &kSlotBrk, 4);
    }
    for (std::size_t slot = slots(); slot < kSlots; ++slot)
        used_[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void XolArea::put(std::size_t slot, std::uint32_t word) {
    std::memcpy(memory_->bytes(frame_).data() + slot * slot_bytes_, &word, sizeof word);
}

std::size_t XolArea::free_slots() const {
    std::size_t free = 0;
    for (const std::uint64_t bits : used_) free += static_cast<std::size_t>(std::popcount(~bits));
    return free;
}

XolArea::XolArea(XolArea&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      frame_(other.frame_),
      base_(other.base_),
      slot_bytes_(other.slot_bytes_),
      used_(other.used_) {}

XolArea::~XolArea() {
    if (memory_ != nullptr) memory_->release(frame_);
}

std::optional<std::size_t> XolArea::claim() {
    for (std::size_t i = 0; i < used_.size(); ++i) {
        if (used_[i] == ~std::uint64_t{0}) continue;
        const auto free = static_cast<std::size_t>(std::countr_one(used_[i]));
        used_[i] |= std::uint64_t{1} << free;
        return i * 64 + free;
    }
    return std::nullopt;
}

std::uint32_t XolArea::word(std::size_t slot) const {
    std::uint32_t word = 0;
    std::memcpy(&word, memory_->bytes(frame_).data() + slot * slot_bytes_, sizeof word);
    return word;
}

bool XolArea::fill(std::size_t slot, std::uint32_t wanted) {
    if (word(slot) == wanted) return false;
    // No translation to invalidate: Cpu::step() is given the word itself, and of the page's own
    // bytes only the breakpoints are translated, which never change.
    put(slot, wanted);
    return true;
}

}  // namespace uprobesim
