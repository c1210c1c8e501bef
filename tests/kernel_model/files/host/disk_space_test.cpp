// SPDX-License-Identifier: GPL-2.0-or-later
// A disk of few pages, counted as tmpfs does: expected values by hand from its rule, a page for
// each page written.
#include "kernel_model/files/disk_space.h"

#include <catch2/catch.hpp>

#include "sim/mem/physical_memory.h"

namespace uprobesim {

namespace {
constexpr std::uint64_t kAll = ~std::uint64_t{0};
}

TEST_CASE("A disk gives what it has, and a write that does not fit is cut at a page", "[files]") {
    const auto space = std::make_shared<DiskSpace>(3 * kPageSize + 100);
    CHECK(space->total_pages() == 3);
    DiskUse use(space, nullptr);
    CHECK(use.claim(10, 1) == 1);
    CHECK(space->free_pages() == 2);
    CHECK(use.claim(0, kPageSize) == kPageSize);
    CHECK(space->free_pages() == 2);
    CHECK(use.claim(100, 4 * kPageSize) == 3 * kPageSize - 100);
    CHECK(space->free_pages() == 0);
    CHECK(use.claim(3 * kPageSize, 1) == 0);
    CHECK(use.claim(3 * kPageSize - 1, 2) == 1);
}

TEST_CASE("Holes take nothing, and what fills them is counted once", "[files]") {
    const auto space = std::make_shared<DiskSpace>(10 * kPageSize);
    DiskUse use(space, nullptr);
    use.claim(0, 1);
    use.claim(4 * kPageSize, 1);
    use.claim(2 * kPageSize, 1);
    CHECK(space->free_pages() == 7);
    CHECK(use.claim(0, 6 * kPageSize) == 6 * kPageSize);
    CHECK(space->free_pages() == 4);
    // Seven at once would be one too many; nothing is taken then.
    CHECK_FALSE(use.claim_all(3 * kPageSize, 8 * kPageSize));
    CHECK(space->free_pages() == 4);
    CHECK(use.claim_all(3 * kPageSize, 7 * kPageSize));
    CHECK(space->free_pages() == 0);
}

TEST_CASE("Only whole pages are given back, and all of them with the file", "[files]") {
    const auto space = std::make_shared<DiskSpace>(10 * kPageSize);
    {
        DiskUse use(space, nullptr);
        use.claim(0, 8 * kPageSize);
        use.release(kPageSize + 1, 4 * kPageSize - 1);
        CHECK(space->free_pages() == 3);
        use.release(0, 4 * kPageSize);
        CHECK(space->free_pages() == 6);
        use.release(6 * kPageSize + 1, kAll);
        CHECK(space->free_pages() == 7);
        CHECK(use.claim(0, 10 * kPageSize) == 10 * kPageSize);
        CHECK(space->free_pages() == 0);
    }
    CHECK(space->free_pages() == 10);
}

}  // namespace uprobesim
