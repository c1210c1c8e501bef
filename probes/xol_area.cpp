// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/xol_area.h"

#include <bit>
#include <cstring>
#include <utility>

namespace uprobesim {

std::optional<XolArea> XolArea::create(Mm& mm) {
    PhysicalMemory& memory = mm.machine().memory;
    const auto frame = memory.allocate();
    if (!frame) return std::nullopt;
    std::memcpy(memory.bytes(*frame).data(), &kUprobeBrk, 4);
    // One reference for the mapping, which the guest may unmap, and one for the area.
    memory.add_ref(*frame);
    const auto base = mm.map_special("[uprobes]", *frame, {false, false, true});
    if (!base) {
        memory.release(*frame);
        memory.release(*frame);
        return std::nullopt;
    }
    return XolArea(memory, *frame, *base);
}

XolArea::XolArea(XolArea&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), frame_(other.frame_), base_(other.base_), used_(other.used_) {}

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
    std::uint32_t word;
    std::memcpy(&word, memory_->bytes(frame_).data() + slot * kSlotBytes, sizeof word);
    return word;
}

bool XolArea::fill(std::size_t slot, std::uint32_t word) {
    std::byte* at = memory_->bytes(frame_).data() + slot * kSlotBytes;
    if (std::memcmp(at, &word, kSlotBytes) == 0) return false;
    // Nothing to invalidate: the step is given the word itself, and no translation of the page's own bytes is ever run
    // but the trampoline's, which never changes.
    std::memcpy(at, &word, kSlotBytes);
    return true;
}

}  // namespace uprobesim
