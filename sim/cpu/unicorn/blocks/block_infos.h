// SPDX-License-Identifier: GPL-2.0-or-later
// What blocks are made of, computed once for each content.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
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
        if (full() && find(Sought(words)) == nullptr) forget();
        return *of(words);
    }

private:
    bool full() const { return bytes_ >= most_bytes_; }

    // A content with its hash, which is computed once.
    struct Sought {
        explicit Sought(std::span<const std::uint32_t> of);
        std::span<const std::uint32_t> words;
        std::uint64_t hash;
    };
    struct Kept {
        std::vector<std::uint32_t> words;
        std::uint64_t hash;
        std::shared_ptr<const BlockInfo> info;
    };
    const Kept* find(const Sought& sought) const;
    void keep(Kept kept);
    void forget_all();

    // What a content takes, about.
    static constexpr std::size_t kInfoBytes = 232;
    static constexpr std::size_t kInfoWordBytes =
        sizeof(std::uint32_t) + sizeof(InsnClass) + sizeof(CentiCycles);

    const BlockModel& model_;
    // By the hash's lowest bits; as many rows as contents, or more. Never walked through, so that
    // its order reaches nothing.
    std::vector<std::vector<Kept>> rows_;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0, most_bytes_;
};

// Of the whole block, in centicycles.
inline std::int64_t cycles_of(const BlockInfo& info) {
    return static_cast<std::int64_t>(
        info.cycles_through.empty() ? 0 : info.cycles_through.back().value);
}

}  // namespace uprobesim
