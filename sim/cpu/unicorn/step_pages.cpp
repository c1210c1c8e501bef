// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/step_pages.h"

#include <cstring>
#include <span>

#include "sim/base/error.h"

namespace uprobesim {

namespace {

constexpr std::uint32_t kBrkFiller = 0xd43ffee0;  // BRK #0xfff7

struct Group {
    std::uint32_t mask, value;
};

constexpr bool in(std::uint32_t word, const Group& g) {
    return (word & g.mask) == g.value;
}

// Arm ARM C4.1, A64 instruction set encoding: which words do the same at any address.
constexpr Group kNearPc[] = {
    {0x1f000000, 0x10000000},  // ADR, ADRP
    {0x3b000000, 0x18000000},  // load register (literal), PRFM (literal)
};
constexpr Group kAnywhere[] = {
    {0x1c000000, 0x10000000},  // data processing, immediate
    {0x0e000000, 0x0a000000},  // data processing, register
    {0x0a000000, 0x08000000},  // loads and stores
    {0x0e000000, 0x0e000000},  // scalar floating-point and advanced SIMD
    {0xffc00000, 0xd5000000},  // hints, barriers, system instructions, MRS, MSR
};

constexpr bool does_the_same_anywhere(std::uint32_t word) {
    for (const Group& g : kNearPc) {
        if (in(word, g)) return false;
    }
    for (const Group& g : kAnywhere) {
        if (in(word, g)) return true;
    }
    return false;
}
static_assert(does_the_same_anywhere(0xa9bf7bfd));   // stp x29, x30, [sp, #-16]!
static_assert(does_the_same_anywhere(0xd53bd040));   // mrs x0, tpidr_el0
static_assert(!does_the_same_anywhere(0x90000000));  // adrp x0, .
static_assert(!does_the_same_anywhere(0x5c000080));  // ldr d0, .+16
static_assert(!does_the_same_anywhere(0xd63f0040));  // blr x2: x30 is the next address
static_assert(!does_the_same_anywhere(0xd4000001));  // svc #0

}  // namespace

StepPages::StepPages(PhysicalMemory& memory, const BlockModel& model)
    : memory_(memory), model_(model) {
    const auto first_shared = new_frame();
    const auto first_own = new_frame();
    if (!first_shared || !first_own)
        throw HostError("preparing to step", "the simulated memory is too small");
    shared_frames_.push_back(*first_shared);
    // A place that no slot uses: offset 0 belongs to the breakpoint.
    own_.reserve(kOwnPlaces);
    own_.push_back({*first_own, kBrkFiller, 0, InsnClass::Other, {}});
}

StepPages::~StepPages() {
    for (const PAddr f : shared_frames_) memory_.release(f);
    for (const StepPlace& p : own_) memory_.release(p.frame);
}

std::optional<PAddr> StepPages::new_frame() {
    const auto frame = memory_.allocate();
    if (frame) {
        memory_.mark_code(*frame);
        fill(*frame);
    }
    return frame;
}

void StepPages::fill(PAddr frame) {
    for (std::uint32_t at = 0; at < kPageSize; at += 4) put_word(frame, at, kBrkFiller);
}

void StepPages::put_word(PAddr frame, std::uint32_t offset, std::uint32_t word) {
    std::memcpy(memory_.bytes(frame).data() + offset, &word, 4);
}

StepPlace StepPages::made(PAddr frame, std::uint32_t offset, std::uint32_t word) const {
    const BlockInfo info = model_.analyse(std::span<const std::uint32_t>(&word, 1));
    return {frame, word, offset, info.classes.at(0), info.cycles_through.at(0)};
}

const StepPlace& StepPages::place(VAddr pc, std::uint32_t word, PAddr real) {
    last_is_shared_ = does_the_same_anywhere(word);
    last_ = last_is_shared_ ? &shared_place(word) : &own_place(pc, word, real);
    return *last_;
}

const StepPlace& StepPages::shared_place(std::uint32_t word) {
    if (const auto it = shared_.find(word); it != shared_.end()) return it->second;
    if (used_ == kPlacesPerFrame) {
        used_ = 0;
        ++filling_;
    }
    if (filling_ == shared_frames_.size()) {
        const auto frame = shared_frames_.size() < kSharedFrames ? new_frame() : std::nullopt;
        if (frame) {
            shared_frames_.push_back(*frame);
        } else {
            shared_.clear();
            for (const PAddr f : shared_frames_) fill(f);
            rewritten_.insert(rewritten_.end(), shared_frames_.begin(), shared_frames_.end());
            filling_ = 0;
        }
    }
    const PAddr frame = shared_frames_[filling_];
    const std::uint32_t offset = ++used_ * kPlaceBytes;
    // No code there was translated before: nothing runs on from the BRK in front of it, and the CPU
    // drops the page's code when a program jumps there.
    put_word(frame, offset, word);
    return shared_.emplace(word, made(frame, offset, word)).first->second;
}

const StepPlace& StepPages::own_place(VAddr pc, std::uint32_t word, PAddr real) {
    const auto offset = static_cast<std::uint32_t>(pc.page_offset());
    StepPlace* place = nullptr;
    for (StepPlace& p : own_) {
        if (p.offset == offset && p.word == word) place = &p;
    }
    const bool found = place != nullptr;
    if (!found) {
        const auto frame = own_.size() < kOwnPlaces ? new_frame() : std::nullopt;
        if (frame) {
            place = &own_.emplace_back(made(*frame, offset, word));
        } else {
            place = &own_[victim_++ % own_.size()];
            *place = made(place->frame, offset, word);
            fill(place->frame);
            rewritten_.push_back(place->frame);
        }
    }
    if (in(word, kNearPc[1])) {  // what it loads may have changed since
        std::memcpy(memory_.bytes(place->frame).data(), memory_.bytes(real).data(), kPageSize);
        put_word(place->frame, 0, kBrkFiller);
    } else if (found) {
        return *place;
    }
    if (offset + 4 < kPageSize) put_word(place->frame, offset + 4, kBrkFiller);
    put_word(place->frame, offset, word);
    return *place;
}

}  // namespace uprobesim
