// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/plan/exclusions.h"

namespace uprobesim {
namespace {

class Walk {
public:
    Walk(const std::vector<std::uint64_t>& sizes, const std::vector<IndexSets>& exclusions)
        : sizes_(sizes), exclusions_(exclusions), strides_(sizes.size() + 1, 1) {
        for (std::size_t d = sizes.size(); d-- > 0;) strides_[d] = strides_[d + 1] * sizes[d];
    }

    std::vector<LinearRange> ranges() {
        std::vector<Left> all;
        for (const IndexSets& exclusion : exclusions_) all.push_back({&exclusion, 0});
        walk(0, 0, all);
        return std::move(ranges_);
    }

private:
    // An exclusion whose conditions before `next` hold.
    struct Left {
        const IndexSets* sets;
        std::size_t next;
    };

    void keep(std::uint64_t begin, std::uint64_t end) {
        if (!ranges_.empty() && ranges_.back().end == begin) {
            ranges_.back().end = end;
        } else if (begin != end) {
            ranges_.push_back({begin, end});
        }
    }

    void walk(std::size_t d, std::uint64_t begin, const std::vector<Left>& left) {
        for (const Left& exclusion : left) {
            if (exclusion.next == exclusion.sets->size()) return;  // it excludes all of this
        }
        if (left.empty()) return keep(begin, begin + strides_[d]);
        std::vector<Left> below;
        for (std::uint64_t i = 0; i < sizes_[d]; ++i) {
            below.clear();
            for (const Left& exclusion : left) {
                const IndexSet& set = (*exclusion.sets)[exclusion.next];
                if (set.dimension != d) {
                    below.push_back(exclusion);
                } else if (set.indices[i]) {
                    below.push_back({exclusion.sets, exclusion.next + 1});
                }
            }
            walk(d + 1, begin + i * strides_[d + 1], below);
        }
    }

    const std::vector<std::uint64_t>& sizes_;
    const std::vector<IndexSets>& exclusions_;
    std::vector<std::uint64_t> strides_;  // of a whole dimension; the last: one point
    std::vector<LinearRange> ranges_;
};

}  // namespace

std::vector<LinearRange> kept_ranges(const std::vector<std::uint64_t>& sizes,
                                     const std::vector<IndexSets>& exclusions) {
    return Walk(sizes, exclusions).ranges();
}

}  // namespace uprobesim
