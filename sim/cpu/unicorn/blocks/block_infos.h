// SPDX-License-Identifier: GPL-2.0-or-later
// What blocks are made of, computed once for each content.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
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
        return infos_.find(Sought(words)) != infos_.end();
    }

    // A content with its hash, which is computed once: what is sought, and what is kept.
    struct Sought {
        explicit Sought(std::span<const std::uint32_t> of);
        std::span<const std::uint32_t> words;
        std::uint64_t hash;
    };
    struct Kept {
        std::vector<std::uint32_t> words;
        std::uint64_t hash;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const auto& key) const { return key.hash; }
    };
    struct Same {
        using is_transparent = void;
        bool operator()(const auto& a, const auto& b) const {
            return a.hash == b.hash && std::ranges::equal(a.words, b.words);
        }
    };

    // What a content takes, about.
    static constexpr std::size_t kInfoBytes = 232;
    static constexpr std::size_t kInfoWordBytes =
        sizeof(std::uint32_t) + sizeof(InsnClass) + sizeof(CentiCycles);

    const BlockModel& model_;
    std::unordered_map<Kept, std::shared_ptr<const BlockInfo>, Hash, Same> infos_;
    std::size_t bytes_ = 0, most_bytes_;
};

// Of the whole block, in centicycles.
inline std::int64_t cycles_of(const BlockInfo& info) {
    return static_cast<std::int64_t>(
        info.cycles_through.empty() ? 0 : info.cycles_through.back().value);
}

}  // namespace uprobesim
