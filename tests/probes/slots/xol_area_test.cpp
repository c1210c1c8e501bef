// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/slots/xol_area.h"

#include <catch2/catch.hpp>

#include "kernel_model/memory/user_memory.h"
#include "probes/slots/breakpoint.h"
#include "tests/kernel_model/memory/memory_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

TEST_CASE("the lowest free slot is taken, and slot 0 is the trampoline", "[xol]") {
    const auto machine = make_machine();
    Mm mm(*machine);
    auto area = XolArea::create(mm);
    REQUIRE(area);
    CHECK(area->claim() == 1u);
    CHECK(area->claim() == 2u);
    CHECK(area->claim() == 3u);
    area->release(2);
    CHECK(area->claim() == 2u);
    CHECK(area->address(1) == area->trampoline() + 4);
    CHECK(area->fill(1, 0xd503201f));
    CHECK_FALSE(area->fill(1, 0xd503201f));
    CHECK(area->fill(1, 0xa9bf7bfd));
    for (std::size_t n = 4; n < XolArea::kSlots; ++n) REQUIRE(area->claim() == n);
    CHECK_FALSE(area->claim().has_value());
    const auto word = UserMemory(mm, TaskId{1000}).get<std::uint32_t>(area->trampoline());
    CHECK(word == kUprobeBrk);
}

TEST_CASE("slots past the first word of the bitmap are found, and are apart from each other",
          "[xol]") {
    const auto machine = make_machine();
    Mm mm(*machine);
    auto area = XolArea::create(mm);
    REQUIRE(area);
    for (std::size_t n = 1; n < 130; ++n) {
        REQUIRE(area->claim() == n);
        REQUIRE(area->fill(n, static_cast<std::uint32_t>(0x91000000u + n)));
    }
    area->release(64);
    area->release(127);
    CHECK(area->claim() == 64u);
    CHECK(area->claim() == 127u);
    UserMemory memory(mm, kTask);
    for (std::size_t n = 1; n < 130; ++n)
        CHECK(memory.get<std::uint32_t>(area->address(n)) == 0x91000000u + n);
    CHECK(memory.get<std::uint32_t>(area->trampoline()) == kUprobeBrk);
}

TEST_CASE("a slot keeps its bytes over release and claim", "[xol]") {
    const auto machine = make_machine();
    Mm mm(*machine);
    auto area = XolArea::create(mm);
    REQUIRE(area);
    REQUIRE(area->claim() == 1u);
    CHECK(area->fill(1, 0xa9bf7bfd));
    area->release(1);
    REQUIRE(area->claim() == 1u);
    CHECK_FALSE(area->fill(1, 0xa9bf7bfd));
}

TEST_CASE("the page outlives the guest's unmapping it, and goes with the area", "[xol]") {
    const auto machine = make_machine();
    {
        Mm mm(*machine);
        auto area = XolArea::create(mm);
        REQUIRE(area);
        REQUIRE(mm.unmap({area->trampoline(), area->trampoline() + kPageSize}));
        REQUIRE(area->claim() == 1u);
        CHECK(area->fill(1, 0xa9bf7bfd));
        XolArea moved(std::move(*area));
        CHECK_FALSE(moved.fill(1, 0xa9bf7bfd));
    }
}
