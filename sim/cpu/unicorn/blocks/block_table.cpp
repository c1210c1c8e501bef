// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/blocks/block_table.h"

#include <algorithm>
#include <cstring>

#include "sim/base/error.h"

namespace uprobesim {

BlockTable::BlockTable(BlockInfos& infos, CodeFrames& code_frames, const GuardedWords& guarded)
    : infos_(infos),
      code_frames_(code_frames),
      guarded_(guarded),
      records_(kRecords),
      pages_(kPageBits) {}

const BlockInfo& BlockTable::info_of(std::span<const std::uint32_t> words) {
    return infos_.kept(words, [this] { forget_all(); });
}

void BlockTable::retire(BlockRecord& r) {
    if (r.count == 0) return;
    for (const InsnClass c : r.info->classes) retired_[static_cast<std::size_t>(c)] += r.count;
    if (tell_) tell_(r);
    r.count = 0;
}

void BlockTable::forget_all() {
    for (BlockRecord& r : records_) {
        retire(r);
        r = {};
    }
    awake_.clear();
    pages_.assign(kPageBits, false);
}

BlockRecord& BlockTable::load(std::uint64_t address, std::uint32_t size, const AddressSpace& space,
                              std::uint32_t whole) {
    BlockRecord& r = at(address);
    std::array<std::uint32_t, BlockRecord::kSizeMask> words{};
    const std::size_t n = size / 4, all = std::max<std::size_t>(n, whole / 4);
    check_invariant(all < words.size(), "the engine's block is longer than its page");
    const VAddr start(address);
    // The engine has just fetched from here, so the page is there; and a block never leaves its
    // page.
    if (const auto t = space.lookup(start); t && start.page_offset() + all * 4 <= kPageSize) {
        std::memcpy(words.data(), space.memory().bytes(t->frame).data() + start.page_offset(),
                    all * 4);
        code_frames_.add(t->frame, {space.id(), start.page()});
    }
    std::int64_t cycles = 0;
    if (all > n) {
        cycles = cycles_of(info_of(std::span(words).first(all)));
        cycles -= cycles_of(info_of(std::span(words).first(all).subspan(n)));
    }
    // The last: a call may forget what others returned.
    const BlockInfo& info = info_of(std::span(words).first(n));
    retire(r);
    if (!r.awake()) awake_.push_back(&r);
    pages_[page_bit(start.page())] = true;
    r.address = address;
    r.tag_size = tag_ | static_cast<std::uint32_t>(n);
    if (guarded_.guards(words[0])) r.tag_size |= BlockRecord::kGuarded;
    r.info = &info;
    r.cycles = static_cast<std::int32_t>(all > n ? cycles : cycles_of(info));
    return r;
}

void BlockTable::fold(InsnClassCounts& into) {
    for (BlockRecord* r : awake_) {
        retire(*r);
        r->tag_size |= BlockRecord::kAsleep;
    }
    awake_.clear();
    for (std::size_t c = 0; c < kInsnClassCount; ++c) into[c] += retired_[c];
    retired_ = {};
}

std::uint32_t BlockTable::fresh_tag() {
    constexpr std::uint32_t kOne = 1u << BlockRecord::kSizeBits;
    if (last_tag_ >= BlockRecord::kGuarded - kOne) {
        // All tags were used: start again with an empty table.
        forget_all();
        tags_.clear();
        last_tag_ = 0;
    }
    return last_tag_ += kOne;
}

void BlockTable::enter(const AddressSpace& space) {
    const auto it = tags_.find(space.id());
    if (it != tags_.end()) {
        tag_ = it->second;
        return;
    }
    tag_ = fresh_tag();
    tags_[space.id()] = tag_;
}

void BlockTable::leave(const AddressSpace& space) {
    tags_.erase(space.id());
    code_frames_.leave(space.id());
}

void BlockTable::forget_page(std::uint64_t space_id, VAddr page) {
    if (!pages_[page_bit(page)]) return;
    const auto it = tags_.find(space_id);
    if (it == tags_.end()) return;
    constexpr std::uint32_t kNoTag =
        BlockRecord::kSizeMask | BlockRecord::kAsleep | BlockRecord::kGuarded;
    for (std::uint64_t a = page.value; a < page.value + kPageSize; a += 4) {
        BlockRecord& r = at(a);
        if (r.address == a && (r.tag_size & ~kNoTag) == it->second) {
            retire(r);
            r.address = ~std::uint64_t{0};  // no block is there: the next find misses
        }
    }
}

}  // namespace uprobesim
