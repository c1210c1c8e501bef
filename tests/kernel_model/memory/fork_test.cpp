// SPDX-License-Identifier: GPL-2.0-or-later
// What a forked child sees of its parent's memory (fork(2), mmap(2)).
#include <catch2/catch.hpp>

#include "tests/kernel_model/kernel/kernel_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

struct Family {
    KernelFixture fixture;
    Mm& parent = *fixture.process().mm;
    TaskId task{1000};
    VAddr private_page, shared_page;
    std::unique_ptr<Mm> child;
    ForkedPages copied;

    Family() {
        private_page = *parent.map({.length = 8192, .prot = kReadWrite});
        shared_page = *parent.map({.length = 4096, .prot = kReadWrite, .shared = true});
        put(parent, private_page, 11);
        put(parent, shared_page, 22);
        child = parent.fork(copied);
        REQUIRE(child != nullptr);
    }
    void put(Mm& mm, VAddr at, std::uint32_t value) {
        REQUIRE(UserMemory(mm, task).put(at, value));
    }
    std::uint32_t get(Mm& mm, VAddr at) {
        const auto value = UserMemory(mm, task).get<std::uint32_t>(at);
        REQUIRE(value);
        return *value;
    }
};

}  // namespace

TEST_CASE("private memory is a copy from the fork on, in both directions", "[fork]") {
    Family f;
    CHECK(f.copied.entries >= 1);
    CHECK(f.get(*f.child, f.private_page) == 11);
    f.put(*f.child, f.private_page, 12);
    CHECK(f.get(f.parent, f.private_page) == 11);
    f.put(f.parent, f.private_page, 13);
    CHECK(f.get(*f.child, f.private_page) == 12);
}

TEST_CASE("a page that is no longer shared is written in place", "[fork]") {
    Family f;
    f.put(*f.child, f.private_page, 12);
    CHECK(f.fixture.times(KernelPath::FaultCowCopy) == 1);
    f.put(f.parent, f.private_page, 13);
    CHECK(f.fixture.times(KernelPath::FaultCowCopy) == 1);
    CHECK(f.fixture.times(KernelPath::FaultCowReuse) == 1);
}

TEST_CASE("shared memory is seen by both", "[fork]") {
    Family f;
    f.put(*f.child, f.shared_page, 23);
    CHECK(f.get(f.parent, f.shared_page) == 23);
}

TEST_CASE("what is mapped after the fork is the process's own", "[fork]") {
    Family f;
    const auto page = f.parent.map({.length = 4096, .prot = kReadWrite});
    REQUIRE(page);
    CHECK(f.child->find(*page) == nullptr);
    REQUIRE(f.child->unmap({f.private_page, f.private_page + 8192}));
    CHECK(f.get(f.parent, f.private_page) == 11);
}

TEST_CASE("a mapping that forks are not to have is not in the child", "[fork]") {
    KernelFixture f;
    Mm& mm = *f.process().mm;
    const auto page = mm.map({.length = 4096, .prot = kReadWrite, .dont_copy = true});
    REQUIRE(page);
    ForkedPages copied;
    const auto child = mm.fork(copied);
    REQUIRE(child != nullptr);
    CHECK(child->find(*page) == nullptr);
}

TEST_CASE("the child's memory goes with it", "[fork]") {
    Family f;
    const std::uint64_t before = f.fixture.machine.memory.used_bytes();
    for (int round = 0; round < 100; ++round) {
        ForkedPages copied;
        const auto child = f.parent.fork(copied);
        REQUIRE(child != nullptr);
        f.put(*child, f.private_page, static_cast<std::uint32_t>(round));
    }
    CHECK(f.fixture.machine.memory.used_bytes() == before);
}
