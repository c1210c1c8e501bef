// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/blocks/block_infos.h"

#include <algorithm>

#include "sim/base/error.h"

namespace uprobesim {

BlockInfos::Sought::Sought(std::span<const std::uint32_t> of) : words(of), hash(of.size()) {
    for (const std::uint32_t w : words) {
        // The golden ratio's multiplier: all bits of the hash depend on all words.
        hash = (hash ^ w) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
}

const BlockInfos::Kept* BlockInfos::find(const Sought& sought) const {
    if (rows_.empty()) return nullptr;
    for (const Kept& kept : rows_[sought.hash & (rows_.size() - 1)])
        if (kept.hash == sought.hash && std::ranges::equal(kept.words, sought.words)) return &kept;
    return nullptr;
}

void BlockInfos::keep(Kept kept) {
    if (count_ == rows_.size()) {
        std::vector<std::vector<Kept>> more(std::max<std::size_t>(1024, rows_.size() * 2));
        for (auto& row : rows_)
            for (Kept& each : row) more[each.hash & (more.size() - 1)].push_back(std::move(each));
        rows_ = std::move(more);
    }
    ++count_;
    rows_[kept.hash & (rows_.size() - 1)].push_back(std::move(kept));
}

void BlockInfos::forget_all() {
    rows_.clear();
    count_ = bytes_ = 0;
}

std::shared_ptr<const BlockInfo> BlockInfos::of(std::span<const std::uint32_t> words) {
    const Sought sought(words);
    if (const Kept* const kept = find(sought)) return kept->info;
    if (full()) forget_all();
    auto info = std::make_shared<const BlockInfo>(model_.analyse(words));
    check_invariant(
        info->classes.size() == words.size() && info->cycles_through.size() == words.size(),
        "a block model must describe every instruction of the block");
    bytes_ += kInfoBytes + words.size() * kInfoWordBytes;
    keep({{words.begin(), words.end()}, sought.hash, info});
    return info;
}

}  // namespace uprobesim
