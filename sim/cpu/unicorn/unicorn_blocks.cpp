// SPDX-License-Identifier: GPL-2.0-or-later
// The beginning of a block that the hook's usual way does not know: one that was not seen before,
// is checked each time, is stepped, or comes when the budget is spent.
#include <cstring>
#include <utility>
#include <vector>

#include "sim/cpu/unicorn/unicorn_cpu_impl.h"

namespace uprobesim {

namespace {

// A program may be made of such accesses only.
constexpr std::size_t kMostParts = std::size_t{1} << 16;

constexpr bool is_brk(std::uint32_t word) {
    return (word & 0xffe0001fu) == 0xd4200000u;
}

}  // namespace

void UnicornCpu::begin_new_block(std::uint64_t address, std::uint32_t size) {
    // This engine runs code that is not aligned.
    if ((address & 3) != 0) return stop_before(address);
    if (space_->shadowed(VAddr(address).page()) && is_step_page(address)) {
        in_step_page_ = true;
        return stop_engine();
    }
    if (engine_.code().is_full()) return stop_before(address);
    BlockRecord* r = blocks_->find_again(address, size);
    if (r == nullptr) r = load_block(address, size);
    if (r == nullptr) return stop_engine();  // to be cut first
    if (r->guarded() && !may_begin(address)) return stop_before(address);
    begin_block(*r, r->size());
    if (may_be_piece()) [[unlikely]]
        note_piece(address, r->insns(), r->cycles, whole_of(address));
}

// Whether the guarded block at this address may run; else it is noted why not.
bool UnicornCpu::may_begin(std::uint64_t address) {
    if (is_wanted(address) && loaded_->passes != std::pair(address, executed_by_loaded())) {
        at_place_ = true;
        return false;
    }
    refused_ = guarded_.refused(word_at(*space_, VAddr(address)),
                                [&](Reg base) { return engine_.read(base); });
    return !refused_;
}

// What memory holds there; while a block is being cut, what it held before.
std::vector<std::uint32_t> UnicornCpu::code_at(PAddr frame, VAddr at, std::uint32_t bytes) const {
    std::vector<std::uint32_t> words(bytes / 4);
    std::memcpy(words.data(), memory_.bytes(frame).data() + at.page_offset(), words.size() * 4);
    if (cutting_ == nullptr) return words;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::uint64_t a = at.value + 4 * i;
        if (a >= cutting_at_ && a - cutting_at_ < cutting_->size() * 4)
            words[i] = (*cutting_)[(a - cutting_at_) / 4];
    }
    return words;
}

UnicornCpu::BlockShape UnicornCpu::shape_of(std::uint64_t address, std::uint32_t size) {
    const VAddr begin(address);
    const auto t = space_->lookup(begin);
    if (!t || begin.page_offset() + size > kPageSize) return {size, 0, false};
    const std::vector<std::uint32_t> words = code_at(t->frame, begin, size);
    for (std::uint32_t at = 4; at < size; at += 4) {
        if (!begins_block(address + at, words[at / 4])) continue;
        // The engine ends a block before it where it was cut, or at the end of its page.
        const auto part = parts_.find(t->frame.value + begin.page_offset());
        if (at + 4 == size && part != parts_.end()) return {at, part->second.whole, false};
        return {size, 0, true};
    }
    return {size, 0, false};
}

const WholeBlock* UnicornCpu::whole_of(std::uint64_t address) const {
    const auto found = wholes_.find({space_->id(), address});
    return found == wholes_.end() ? nullptr : found->second.get();
}

// Null: an access that must be aligned stands inside it, so it is to be cut.
BlockRecord* UnicornCpu::load_block(std::uint64_t address, std::uint32_t size) {
    const BlockShape shape = shape_of(address, size);
    // If it was tried, the engine goes on giving the whole.
    if (shape.cut && cut_tried_ != address) {
        cut_ = {address, size};
        return nullptr;
    }
    if (shape.whole != 0 && cut_tried_ == address) cut_tried_ = 0;
    BlockRecord& r = blocks_->load(address, shape.size, *space_, shape.whole);
    if (is_chosen(address)) r.tag_size |= BlockRecord::kGuarded;
    if (shape.whole > shape.size && is_chosen(address + shape.size)) {
        r.tag_size |= BlockRecord::kGuarded;
        const VAddr begin(address);
        wholes_[{space_->id(), address}] =
            whole_around(code_at(space_->lookup(begin)->frame, begin, shape.whole), shape.size);
        // It may be known from the time when nothing was chosen.
        if (BlockRecord& next = blocks_->at(address + shape.size);
            next.address == address + shape.size)
            next.tag_size |= BlockRecord::kGuarded;
    } else if (!wholes_.empty()) {
        wholes_.erase({space_->id(), address});
    }
    return &r;
}

// Has the engine translate the block anew in parts, each of which begins with an access that is to
// be checked, as though a branch to itself stood at the end of the part before. Only what the
// engine reads now is changed: stores that it does not see leave its translations as they are.
void UnicornCpu::cut_block(const AddressSpace& space) {
    constexpr std::uint32_t kBranchToItself = 0x14000000;
    // Parts that are forgotten are cut again when they are met.
    if (parts_.size() >= kMostParts) parts_.clear();
    const auto [address, size] = std::exchange(cut_, {});
    cut_tried_ = address;
    const VAddr begin(address);
    const auto t = space.lookup(begin);
    if (!t) return;
    std::byte* const code = memory_.bytes(t->frame).data() + begin.page_offset();
    std::vector<std::uint32_t> words(size / 4);
    std::memcpy(words.data(), code, size);
    std::vector<std::size_t> parts{0};
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (!begins_block(address + 4 * i, words[i])) continue;
        parts.push_back(i);
        std::memcpy(code + 4 * i, &kBranchToItself, 4);
    }
    // The whole has the last word in it, and of the parts only the last, which comes back as it is.
    // Where that is such an access itself, all that has the first word goes instead, and the first
    // words of parts that may be there whole.
    const std::uint64_t offset = begin.page_offset();
    const std::uint64_t first = t->frame.value + offset;
    if (begins_block(address + size - 4, words.back())) {
        for (std::size_t k = 0; k + 1 < parts.size(); ++k) {
            if (k == 0 || !parts_.contains(first + 4 * parts[k]))
                drop_with(t->frame, offset + 4 * parts[k]);
        }
    } else {
        engine_.drop_code(t->frame, offset + size - 4, 4);
    }
    table_stale_ = true;
    enter(space);
    limit_ = 0;  // each stops before it runs
    cutting_ = &words;
    cutting_at_ = address;
    if (edited()) give_limit();
    for (std::size_t k = 0; k < parts.size(); ++k) {
        const std::size_t part = parts[k];
        std::memcpy(code + 4 * part, &words[part], 4);
        // The last is as the engine makes it.
        if (k + 1 < parts.size())
            parts_[first + 4 * part] = {static_cast<std::uint32_t>(4 * (parts[k + 1] + 1 - part)),
                                        static_cast<std::uint32_t>(size - 4 * part)};
        engine_.start(address + 4 * part);
    }
    cutting_ = nullptr;
    // Edited code is examined when it is translated, which it was just now.
    if (edited()) cut_tried_ = 0;
}

// Drops the blocks of the frame that have the word at `offset`. Those that had been cut are whole
// when they come again.
void UnicornCpu::drop_with(PAddr frame, std::uint64_t offset) {
    engine_.drop_code(frame, offset, 4);
    const std::uint64_t word = frame.value + offset;
    const auto first = parts_.lower_bound(frame.value), last = parts_.upper_bound(word);
    for (auto part = first; part != last;)
        part = part->first + part->second.size > word ? parts_.erase(part) : std::next(part);
    if (!blocks_) return;
    for (const CodeFrames::Place& place : code_frames_.places(frame))
        blocks_->forget_page(place.space, place.page);
}

// No block of a page that is shadowed is in the table, so that each comes here once. At the page's
// start there is a breakpoint in either: return probes and steps may take turns without changing
// translations each time.
bool UnicornCpu::is_step_page(std::uint64_t address) const {
    const VAddr at(address);
    if (!StepPages::is_breakpoint(at) || !is_brk(word_at(*space_, at))) return true;
    std::uint32_t word = 0;
    std::memcpy(&word, memory_.bytes(space_->shadow_frame()).data(), 4);
    return !is_brk(word);
}

// `size`: of plain code.
void UnicornCpu::begin_unusual_block(std::uint64_t address, std::uint32_t size) {
    if (step_place_ != nullptr && !step_begun_ && address == step_address_) {
        step_begun_ = true;
        // The block may also hold the BRK after the stepped instruction; only the instruction
        // counts.
        insns_ += 1;
        cycles_ += step_place_->cycles.value;
        return;
    }
    if (!edited() && cutting_ == nullptr && step_place_ == nullptr && goes_on_at(address)) {
        allow_piece();
        return begin_new_block(address, size);
    }
    stop_before(address);
}

// The block does not run; its hook comes again when it is resumed. But it was translated.
void UnicornCpu::stop_before(std::uint64_t address) {
    if (const auto t = space_->lookup(VAddr(address))) {
        note_code(t->frame, VAddr(address).page());
    }
    stop_engine();
}

}  // namespace uprobesim
