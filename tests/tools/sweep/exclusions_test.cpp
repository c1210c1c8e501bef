// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/plan/exclusions.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/base/entropy.h"

using namespace uprobesim;

namespace {

// Point by point.
std::vector<bool> kept_by_walking(const std::vector<std::uint64_t>& sizes,
                                  const std::vector<IndexSets>& exclusions) {
    std::uint64_t all = 1;
    for (const std::uint64_t size : sizes) all *= size;
    std::vector<bool> kept;
    for (std::uint64_t linear = 0; linear < all; ++linear) {
        std::vector<std::uint64_t> indices(sizes.size());
        std::uint64_t rest = linear;
        for (std::size_t d = sizes.size(); d-- > 0; rest /= sizes[d]) indices[d] = rest % sizes[d];
        kept.push_back(
            std::none_of(exclusions.begin(), exclusions.end(), [&](const IndexSets& sets) {
                return std::all_of(sets.begin(), sets.end(), [&](const IndexSet& set) {
                    return set.indices[indices[set.dimension]];
                });
            }));
    }
    return kept;
}

}  // namespace

TEST_CASE("exclusions leave what a look at each point leaves", "[tools][sweep]") {
    Entropy entropy(1);
    const auto below = [&](std::uint64_t bound) { return entropy.next() % bound; };
    for (int round = 0; round < 300; ++round) {
        std::vector<std::uint64_t> sizes(1 + below(4));
        for (std::uint64_t& size : sizes) size = 1 + below(6);
        std::vector<IndexSets> exclusions(below(5));
        for (IndexSets& sets : exclusions) {
            for (std::size_t d = 0; d < sizes.size(); ++d) {
                if (below(2) == 0 && !(sets.empty() && d + 1 == sizes.size())) continue;
                sets.push_back({d, {}});
                for (std::uint64_t i = 0; i < sizes[d]; ++i)
                    sets.back().indices.push_back(below(2) == 0);
            }
        }
        const auto expected = kept_by_walking(sizes, exclusions);
        std::vector<bool> kept(expected.size());
        std::uint64_t last = 0;
        bool first = true;
        for (const LinearRange& range : kept_ranges(sizes, exclusions)) {
            REQUIRE(range.begin < range.end);
            REQUIRE((first || range.begin > last));
            first = false;
            last = range.end;
            for (std::uint64_t i = range.begin; i < range.end; ++i) kept.at(i) = true;
        }
        REQUIRE(kept == expected);
    }
}

TEST_CASE("what no exclusion names is one range", "[tools][sweep]") {
    const auto ranges = kept_ranges({2, 1000, 500}, {{{0, {false, true}}}});
    REQUIRE(ranges.size() == 1);
    CHECK(ranges[0].begin == 0);
    CHECK(ranges[0].end == 500'000);
}
