// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/blocks/block_infos.h"

#include "sim/base/error.h"

namespace uprobesim {

BlockInfos::Sought::Sought(std::span<const std::uint32_t> of) : words(of), hash(of.size()) {
    for (const std::uint32_t w : words) {
        // The golden ratio's multiplier: all bits of the hash depend on all words.
        hash = (hash ^ w) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
}

std::shared_ptr<const BlockInfo> BlockInfos::of(std::span<const std::uint32_t> words) {
    const Sought sought(words);
    const auto found = infos_.find(sought);
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
    return infos_.emplace(Kept{{words.begin(), words.end()}, sought.hash}, std::move(info))
        .first->second;
}

}  // namespace uprobesim
