// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/lowest_first.h"

#include <catch2/catch.hpp>
#include <optional>

using namespace uprobesim;

TEST_CASE("of many clocks the lowest comes first, and of equal ones the lowest index",
          "[sim][base]") {
    LowestFirst order;
    CHECK(order.lowest() == LowestFirst::kNone);
    order.set(63, CentiCycles(500));
    order.set(7, CentiCycles(500));
    CHECK(LowestFirst::index_of(order.lowest()) == 7);
    order.set(7, CentiCycles(501));
    CHECK(LowestFirst::index_of(order.lowest()) == 63);
    order.clear(63);
    CHECK(order.lowest() == LowestFirst::key(CentiCycles(501), 7));
    order.clear(7);
    CHECK(order.lowest() == LowestFirst::kNone);
}

TEST_CASE("the lowest clock is that of a search after any changes", "[sim][base]") {
    LowestFirst order;
    std::array<std::optional<std::uint64_t>, LowestFirst::kMost> clocks;
    std::uint32_t state = 1;
    const auto random = [&] { return (state = state * 1664525 + 1013904223) >> 8; };
    for (int i = 0; i < 20'000; ++i) {
        const auto index = static_cast<unsigned>(random() % LowestFirst::kMost);
        if (random() % 4 == 0) {
            clocks[index].reset();
            order.clear(index);
        } else {
            clocks[index] = random() % 1000;
            order.set(index, CentiCycles(*clocks[index]));
        }
        std::uint64_t lowest = LowestFirst::kNone;
        for (unsigned c = 0; c < clocks.size(); ++c) {
            if (clocks[c]) lowest = std::min(lowest, *clocks[c] * 64 + c);
        }
        REQUIRE(order.lowest() == lowest);
    }
}
