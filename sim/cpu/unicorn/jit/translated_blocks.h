// SPDX-License-Identifier: GPL-2.0-or-later
// The blocks of edited code, by id, and how often each context executed them. A block is one
// translation: what it is made of is found out when it is translated, and stays right until it is
// dropped.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sim/cost/block_model.h"
#include "sim/cpu/unicorn/blocks/block_chain.h"
#include "sim/cpu/unicorn/jit/block_heads.h"

namespace uprobesim {

struct TranslatedBlock {
    std::uint64_t address = 0;
    std::uint32_t insns = 0;
    std::int32_t cycles = 0;  // centicycles of all of it; a part may save the rest some
    std::shared_ptr<const BlockInfo> info;
    std::shared_ptr<const WholeBlock> whole;  // of a piece that ends before a chosen place
    bool by_head : 1 = false;  // its head counts it, and asks only when nothing is left
    // Why its head has to ask.
    bool misaligned : 1 = false;  // the engine runs code that is not aligned
    bool stepped : 1 = false;     // of a page that stepping put in the real one's place
    bool cut : 1 = false;         // has to be cut before it runs
    bool guarded : 1 = false;     // begins with a word that is looked at each time
};

// Executions of one context, by id. The host gives memory for those that are used.
class BlockCounts {
public:
    explicit BlockCounts(std::size_t most_blocks);
    ~BlockCounts();
    BlockCounts(BlockCounts&& other) noexcept;
    BlockCounts(const BlockCounts&) = delete;
    BlockCounts& operator=(BlockCounts&&) = delete;
    BlockCounts& operator=(const BlockCounts&) = delete;

    std::uint64_t* data() const { return counts_; }

private:
    std::uint64_t* counts_ = nullptr;
    std::size_t bytes_ = 0;
};

class TranslatedBlocks {
public:
    explicit TranslatedBlocks(std::size_t most) : most_(most) {}

    // A block that was executed by nobody yet. Nothing: all ids are in use.
    std::optional<BlockId> add(TranslatedBlock block);
    const TranslatedBlock& operator[](BlockId id) const { return blocks_[id]; }
    void head_counts(BlockId id) { blocks_[id].by_head = true; }
    // Its id is used again after recycle().
    void drop(BlockId id) { dropped_.push_back(id); }
    void drop_all();
    // Enough were dropped: what they were executed has to be added up, and recycle() called.
    bool wants_recycling() const {
        return free_.empty() && (dropped_.size() >= kRecycled || blocks_.size() >= most_);
    }
    void recycle();

    // Adds what the counts say to the classes, and takes it out of the counts. `tell`, if there is
    // one, is called for each block that was executed.
    using Tell = std::function<void(const TranslatedBlock& block, std::uint64_t times)>;
    void fold(const BlockCounts& counts, InsnClassCounts& into, const Tell& tell = {}) const;
    void fold_dropped(const BlockCounts& counts, InsnClassCounts& into,
                      const Tell& tell = {}) const;

    std::size_t most() const { return most_; }
    // As many as the engine's buffer holds at 1 KiB each.
    static constexpr std::size_t kMost = std::size_t{1} << 20;

private:
    static constexpr std::size_t kRecycled = std::size_t{1} << 14;
    void fold_one(BlockId id, const BlockCounts& counts, InsnClassCounts& into,
                  const Tell& tell) const;

    std::size_t most_;
    std::vector<TranslatedBlock> blocks_;
    std::vector<BlockId> dropped_, free_;
};

}  // namespace uprobesim
