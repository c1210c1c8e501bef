// SPDX-License-Identifier: GPL-2.0-or-later
// Counts executed blocks. A block is found by its address in a direct-mapped table (the hot path:
// one probe, three additions); what it is made of is computed once per content and kept in a side
// store.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "sim/base/units.h"
#include "sim/cost/block_model.h"
#include "sim/cpu/unicorn/blocks/block_infos.h"
#include "sim/cpu/unicorn/blocks/code_frames.h"
#include "sim/cpu/unicorn/blocks/guarded_words.h"
#include "sim/insn/insn_class.h"
#include "sim/mem/address_space.h"

namespace uprobesim {

// Half a cache line: the block hook touches one per executed block.
struct alignas(32) BlockRecord {
    std::uint64_t address = ~std::uint64_t{0};
    std::uint64_t count = 0;  // executions since the last fold
    // Tag of the address space's state of code, and the block's size in instructions.
    std::uint32_t tag_size = 0;
    std::int32_t cycles = 0;  // centicycles of the whole block; a part may save the rest some
    const BlockInfo* info = nullptr;

    std::uint32_t insns() const { return tag_size & kSizeMask; }
    std::uint32_t size() const { return insns() * 4; }
    // Not executed since the last fold: no block holds while it sleeps, so the hook's usual way
    // need not look.
    static constexpr std::uint32_t kAsleep = 1u << 31;
    // Begins with a word that is looked at each time: holds() is false.
    static constexpr std::uint32_t kGuarded = 1u << 30;
    bool guarded() const { return (tag_size & kGuarded) != 0; }
    bool awake() const { return tag_size != 0 && (tag_size & kAsleep) == 0; }
    // A block ends at the engine's 1 KiB page: 256 instructions at most.
    static constexpr std::uint32_t kSizeBits = 9;
    static constexpr std::uint32_t kSizeMask = (1u << kSizeBits) - 1;
};
static_assert(sizeof(BlockRecord) == 32);

class BlockTable {
public:
    BlockTable(BlockInfos& infos, CodeFrames& code_frames, const GuardedWords& guarded);

    // The place of the block at `address`, and whether the block is in it.
    BlockRecord& at(std::uint64_t address) { return records_[index(address)]; }
    bool holds(const BlockRecord& r, std::uint64_t address, std::uint32_t size) const {
        return r.address == address && r.tag_size == (tag_ | size / 4);
    }
    // A block in the table for which holds() is false: asleep, guarded, or cut (its last
    // instruction is a branch in the place of the program's). Null: none.
    BlockRecord* find_again(std::uint64_t address, std::uint32_t size) {
        BlockRecord& r = at(address);
        const std::uint32_t whole = tag_ | size / 4;
        const std::uint32_t there = r.tag_size & ~(BlockRecord::kGuarded | BlockRecord::kAsleep);
        if (r.address != address || (there != whole && there != whole - 1)) return nullptr;
        if ((r.tag_size & BlockRecord::kAsleep) != 0) {
            r.tag_size &= ~BlockRecord::kAsleep;
            awake_.push_back(&r);
        }
        return &r;
    }
    // Puts it there. `space` is where its words are read.
    // `whole`: the size that it has without the engine's cut after `size`. It takes what the whole
    // does less what the rest takes as a block of its own, so that a cut costs nothing.
    BlockRecord& load(std::uint64_t address, std::uint32_t size, const AddressSpace& space,
                      std::uint32_t whole = 0);

    // Called for each block that was executed, when what was counted is added up; may be empty.
    void tell(std::function<void(const BlockRecord&)> tell) { tell_ = std::move(tell); }

    // Adds what was counted since the last fold. Takes time by the blocks that were executed, not
    // by those known.
    void fold(InsnClassCounts& into);
    // The engine now executes in this space.
    void enter(const AddressSpace& space);
    void leave(const AddressSpace& space);
    // The content of this page has changed: it was mapped to other memory, or its code was
    // rewritten.
    void forget_page(std::uint64_t space_id, VAddr page);
    // Of all pages.
    void forget_all();

private:
    static constexpr std::size_t kRecords = 1u << 16;
    // Hash of the address: adjacent blocks stay adjacent, and programs and libraries, which are at
    // round distances from each other, do not collide.
    static std::size_t index(std::uint64_t address) {
        return ((address >> 2) ^ (address >> 18) ^ (address >> 29)) & (kRecords - 1);
    }

    std::uint32_t fresh_tag();
    const BlockInfo& info_of(std::span<const std::uint32_t> words);
    void retire(BlockRecord& r);
    static std::size_t page_bit(VAddr page) { return (page.value / kPageSize) % kPageBits; }

    static constexpr std::size_t kPageBits = 1u << 16;

    BlockInfos& infos_;
    CodeFrames& code_frames_;
    const GuardedWords& guarded_;
    std::vector<BlockRecord> records_;
    std::vector<BlockRecord*> awake_;
    std::vector<bool> pages_;  // those that may hold blocks: most pages that change are data
    // By address space id; shifted as in the records. 0: no space.
    std::map<std::uint64_t, std::uint32_t> tags_;
    std::uint32_t tag_ = 0;
    std::uint32_t last_tag_ = 0;
    std::function<void(const BlockRecord&)> tell_;
    InsnClassCounts retired_{};  // of records that were evicted before a fold
};

}  // namespace uprobesim
