// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/translated_blocks.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/base/error.h"

namespace uprobesim {

BlockCounts::BlockCounts(std::size_t most_blocks) : bytes_(most_blocks * sizeof(std::uint64_t)) {
    void* const got = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) throw HostError("mmap of counts", std::strerror(errno));
    counts_ = static_cast<std::uint64_t*>(got);
}

BlockCounts::~BlockCounts() {
    if (counts_ != nullptr) munmap(counts_, bytes_);
}

BlockCounts::BlockCounts(BlockCounts&& other) noexcept
    : counts_(std::exchange(other.counts_, nullptr)), bytes_(other.bytes_) {}

std::optional<BlockId> TranslatedBlocks::add(TranslatedBlock block) {
    if (!free_.empty()) {
        const BlockId id = free_.back();
        free_.pop_back();
        blocks_[id] = std::move(block);
        return id;
    }
    if (blocks_.size() >= most_) return std::nullopt;
    blocks_.push_back(std::move(block));
    return static_cast<BlockId>(blocks_.size() - 1);
}

void TranslatedBlocks::drop_all() {
    dropped_.clear();
    std::vector<bool> is_free(blocks_.size());
    for (const BlockId id : free_) is_free[id] = true;
    for (BlockId id = 0; id < blocks_.size(); ++id) {
        if (!is_free[id]) dropped_.push_back(id);
    }
}

void TranslatedBlocks::recycle() {
    for (const BlockId id : dropped_) blocks_[id].info.reset();
    free_.insert(free_.end(), dropped_.rbegin(), dropped_.rend());
    dropped_.clear();
}

void TranslatedBlocks::fold_one(BlockId id, const BlockCounts& counts, InsnClassCounts& into,
                                const Tell& tell) const {
    const std::uint64_t n = std::exchange(counts.data()[id], 0);
    for (const InsnClass c : blocks_[id].info->classes) into[static_cast<std::size_t>(c)] += n;
    if (tell) tell(blocks_[id], n);
}

void TranslatedBlocks::fold(const BlockCounts& counts, InsnClassCounts& into,
                            const Tell& tell) const {
    for (BlockId id = 0; id < blocks_.size(); ++id) {
        if (counts.data()[id] != 0) fold_one(id, counts, into, tell);
    }
}

void TranslatedBlocks::fold_dropped(const BlockCounts& counts, InsnClassCounts& into,
                                    const Tell& tell) const {
    for (const BlockId id : dropped_) {
        if (counts.data()[id] != 0) fold_one(id, counts, into, tell);
    }
}

}  // namespace uprobesim
