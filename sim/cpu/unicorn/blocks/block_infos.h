// SPDX-License-Identifier: GPL-2.0-or-later
// What blocks are made of, computed once for each content.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "sim/cost/block_model.h"

namespace uprobesim {

class BlockInfos {
public:
    // `most_bytes`: limit of what is kept, so that a program that generates code without end cannot
    // fill the host's memory.
    BlockInfos(const BlockModel& model, std::size_t most_bytes)
        : model_(model), most_bytes_(most_bytes) {}
    const BlockModel& model() const { return model_; }

    // What is returned stays as long as it is held.
    std::shared_ptr<const BlockInfo> of(std::span<const std::uint32_t> words);
    // The same for one who does not hold it: `forget` is called before others that were returned
    // go.
    template <class Forget>
    const BlockInfo& kept(std::span<const std::uint32_t> words, Forget forget) {
        if (full() && !knows(words)) forget();
        return *of(words);
    }

private:
    bool full() const { return bytes_ >= most_bytes_; }
    bool knows(std::span<const std::uint32_t> words) const {
        return infos_.find(key_of(words)) != infos_.end();
    }

    // The hash decides nearly every comparison, so that a search reads no words but its own.
    using Key = std::pair<std::uint64_t, std::vector<std::uint32_t>>;
    static Key key_of(std::span<const std::uint32_t> words);

    // What a content takes, about.
    static constexpr std::size_t kInfoBytes = 232;
    static constexpr std::size_t kInfoWordBytes =
        sizeof(std::uint32_t) + sizeof(InsnClass) + sizeof(CentiCycles);

    const BlockModel& model_;
    std::map<Key, std::shared_ptr<const BlockInfo>> infos_;
    std::size_t bytes_ = 0, most_bytes_;
};

// Of the whole block, in centicycles.
inline std::int64_t cycles_of(const BlockInfo& info) {
    return static_cast<std::int64_t>(
        info.cycles_through.empty() ? 0 : info.cycles_through.back().value);
}

}  // namespace uprobesim
