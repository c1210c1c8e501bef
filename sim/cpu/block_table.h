// SPDX-License-Identifier: GPL-2.0-or-later
// Counts executed blocks. A block is found by its address in a direct-mapped
// table (the hot path: one probe, three additions); what it is made of is
// computed once per content and kept in a side store.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "sim/base/units.h"
#include "sim/cost/block_model.h"
#include "sim/insn/insn_class.h"
#include "sim/mem/address_space.h"

namespace uprobesim {

struct BlockRecord {
    std::uint64_t address = ~std::uint64_t{0};
    std::uint64_t tag = 0;     // of the address space's state of code
    std::uint64_t count = 0;   // executions since the last fold
    std::uint32_t size = 0;    // bytes
    std::uint32_t cycles = 0;  // centicycles of the whole block
    const BlockInfo* info = nullptr;
};

class BlockTable {
public:
    explicit BlockTable(const BlockModel& model);

    // The record of the block at `address`. `space` is where its words are read on first sight. Null: not aligned, so
    // no block (this engine would run it).
    BlockRecord* find(std::uint64_t address, std::uint32_t size, const AddressSpace& space) {
        BlockRecord& r = records_[(address >> 2) & (kRecords - 1)];
        if (r.address == address && r.size == size && r.tag == tag_) [[likely]]
            return &r;
        return miss(r, address, size, space);
    }
    const BlockInfo& info_of(std::span<const std::uint32_t> words);

    // Adds what was counted since the last fold.
    void fold(InsnClassCounts& into);
    // The engine now executes in this space.
    void enter(const AddressSpace& space);
    void leave(const AddressSpace& space);
    // Code in this page of the current or another space changed.
    void forget_page(const AddressSpace& space, VAddr page);
    // Code changed somewhere, in any space.
    void forget_all();

private:
    static constexpr std::size_t kRecords = 1u << 16;

    BlockRecord* miss(BlockRecord& r, std::uint64_t address, std::uint32_t size, const AddressSpace& space);
    void retire(BlockRecord& r);

    const BlockModel& model_;
    std::vector<BlockRecord> records_;
    std::map<std::vector<std::uint32_t>, std::unique_ptr<BlockInfo>> infos_;
    std::map<std::uint64_t, std::uint64_t> tags_;  // by address space id
    std::uint64_t tag_ = 0;
    std::uint64_t next_tag_ = 1;
    InsnClassCounts retired_{};  // of records that were evicted before a fold
};

}  // namespace uprobesim
