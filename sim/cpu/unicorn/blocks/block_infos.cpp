// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/blocks/block_infos.h"

#include "sim/base/error.h"

namespace uprobesim {

BlockInfos::Key BlockInfos::key_of(std::span<const std::uint32_t> words) {
    std::uint64_t hash = words.size();
    for (const std::uint32_t w : words) {
        // Entropy's multiplier: the upper bits, which are compared first, depend on all words.
        hash = (hash ^ w) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return {hash, std::vector<std::uint32_t>(words.begin(), words.end())};
}

std::shared_ptr<const BlockInfo> BlockInfos::of(std::span<const std::uint32_t> words) {
    Key key = key_of(words);
    const auto found = infos_.find(key);
    if (found != infos_.end()) return found->second;
    if (full()) {
        infos_.clear();
        bytes_ = 0;
    }
    auto info = std::make_shared<const BlockInfo>(model_.analyse(words));
    check_invariant(
        info->classes.size() == words.size() && info->cycles_through.size() == words.size(),
        "a block model must describe every instruction of the block");
    bytes_ += kInfoBytes + words.size() * kInfoWordBytes;
    return infos_.emplace(std::move(key), std::move(info)).first->second;
}

}  // namespace uprobesim
