// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/slots/shared_slots.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "probes/slots/breakpoint.h"
#include "probes/slots/xol_area.h"

namespace uprobesim {

namespace {

// NOP, PACIASP, BTI and its three targets, stp x29, x30, [sp, #imm]! of every imm7.
std::vector<std::uint32_t> common_instructions() {
    std::vector<std::uint32_t> words = {0xd503201f, 0xd503233f, 0xd503241f,
                                        0xd503245f, 0xd503249f, 0xd50324df};
    for (std::uint32_t imm7 = 0; imm7 < 128; ++imm7) words.push_back(0xa9807bfd | imm7 << 15);
    return words;
}

}  // namespace

bool SharedSlots::holds(std::uint32_t word) {
    const auto words = common_instructions();
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<SharedSlots> SharedSlots::create(PhysicalMemory& memory, bool brk_after_slot) {
    const auto frame = memory.allocate();
    if (!frame) return std::nullopt;
    return SharedSlots(memory, *frame, brk_after_slot);
}

SharedSlots::SharedSlots(PhysicalMemory& memory, PAddr frame, bool brk_after_slot)
    : memory_(&memory),
      frame_(frame),
      slot_bytes_(brk_after_slot ? 8 : 4),
      words_(common_instructions()) {
    std::byte* page = memory_->bytes(frame_).data();
    for (std::size_t slot = 0; slot < words_.size(); ++slot) {
        std::memcpy(page + slot * slot_bytes_, &words_[slot], 4);
        if (brk_after_slot) std::memcpy(page + slot * slot_bytes_ + 4, &kSlotBrk, 4);
    }
}

SharedSlots::SharedSlots(SharedSlots&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      frame_(other.frame_),
      slot_bytes_(other.slot_bytes_),
      words_(std::move(other.words_)) {}

SharedSlots::~SharedSlots() {
    if (memory_ != nullptr) memory_->release(frame_);
}

std::optional<std::size_t> SharedSlots::find(std::uint32_t word) const {
    const auto found = std::find(words_.begin(), words_.end(), word);
    if (found == words_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - words_.begin());
}

std::optional<VAddr> SharedSlots::map(Mm& mm) const {
    memory_->add_ref(frame_);  // the mapping's
    const auto base = mm.map_special("[uprobes-shared]", frame_, {false, false, true}, VAddr(0),
                                     SpecialContent::Executed);
    if (base) return *base;
    memory_->release(frame_);
    return std::nullopt;
}

}  // namespace uprobesim
