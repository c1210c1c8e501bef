// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/spaces/pid_table.h"

#include <array>
#include <catch2/catch.hpp>

#include "sim/mem/physical_memory.h"

namespace uprobesim {
namespace {

constexpr std::int32_t kEnd = 4194304;  // pid_max

struct Fixture {
    PhysicalMemory memory{16 << 20};
    PidTable ids{memory};

    Pid make(const PidSpace& space) {
        const auto made = ids.make(space, {}, kEnd);
        REQUIRE(made);
        ids.hold(made->first);
        return *made;
    }
    PidSpace below(const PidSpace& parent, std::uint64_t inode) {
        PidSpace space = ids.make_space(parent, inode);
        space->reaper = make(space).first;
        return space;
    }
};

}  // namespace

TEST_CASE("an id has a number in its namespace and in each above", "[ids]") {
    Fixture f;
    const PidSpace outer = f.below(nullptr, 10), inner = f.below(outer, 11);
    const Pid id = f.make(inner);
    CHECK(id.own() == 2);
    CHECK(id.in(inner.get()) == 2);
    CHECK(id.in(outer.get()) == 3);
    CHECK(id.in(nullptr) == id.first);
    CHECK(f.ids.inside(outer.get(), id.first) == 3);
    CHECK(PidTable::outside(inner.get(), 2) == id.first);
}

TEST_CASE("an id is not seen in a namespace that it is not in", "[ids]") {
    Fixture f;
    const PidSpace one = f.below(nullptr, 10), other = f.below(nullptr, 11);
    const Pid first = f.make(nullptr), id = f.make(one);
    CHECK(first.in(one.get()) == 0);
    CHECK(id.in(other.get()) == 0);
    CHECK(PidTable::outside(one.get(), 77) == 0);
}

TEST_CASE("an id is free when nothing has it any more", "[ids]") {
    Fixture f;
    const PidSpace space = f.below(nullptr, 10);
    const Pid id = f.make(space);
    f.ids.hold(id.first);  // as a group
    f.ids.drop(id.first);
    CHECK(f.ids.in_use(id.first));
    f.ids.drop(id.first);
    CHECK_FALSE(f.ids.in_use(id.first));
    CHECK(PidTable::outside(space.get(), 2) == 0);
    CHECK(id.own() == 2);  // what kept it still knows it
}

TEST_CASE("wished numbers are of the deepest namespaces", "[ids]") {
    Fixture f;
    const PidSpace space = f.below(nullptr, 10);
    const auto wish = [&](std::span<const std::int32_t> numbers) {
        return f.ids.make(space, {.numbers = numbers, .allowed = [](auto) { return true; }}, kEnd);
    };
    const std::array both = {50, 60}, used = {1, 70}, none = {51, 0};
    const std::array three = {1, 2, 3};
    const auto made = wish(both);
    REQUIRE(made);
    CHECK(made->own() == 50);
    CHECK(made->first == 60);
    CHECK(wish(used).error() == Errno::Exist);
    CHECK_FALSE(f.ids.in_use(70));
    CHECK(wish(none).error() == Errno::Inval);
    CHECK(wish(three).error() == Errno::Inval);
}

TEST_CASE("numbers are charged as long as anything has them", "[ids]") {
    Fixture f;
    const PidSpace space = f.below(nullptr, 10);
    const std::uint64_t before = f.memory.free_bytes();
    Pid id = f.make(space);
    CHECK(f.memory.free_bytes() < before);
    f.ids.drop(id.first);
    id = {};
    CHECK(f.memory.free_bytes() == before);
}

TEST_CASE("a namespace whose process 1 has ended gives no number", "[ids]") {
    Fixture f;
    const PidSpace space = f.below(nullptr, 10);
    space->closed = true;
    CHECK(f.ids.make(space, {}, kEnd).error() == Errno::NoMem);
}

TEST_CASE("namespaces are known as long as anybody has them", "[ids]") {
    Fixture f;
    PidSpace space = f.ids.make_space(nullptr, 10);
    CHECK(f.ids.space_of_inode(10) == space);
    space.reset();
    CHECK(f.ids.space_of_inode(10) == nullptr);
    CHECK(f.ids.space_count() == 0);
}

}  // namespace uprobesim
