// SPDX-License-Identifier: GPL-2.0-or-later
// Address spaces that take turns: each finds its own memory and code, whatever changed meanwhile.
#include <deque>

#include "tests/sim/cpu/cpu_fixture.h"

using namespace uprobesim;
using namespace uprobesim::a64;

namespace {

// Spaces that share one page of code, which loads and stores what is at kData.
struct Turns : CpuFixture {
    static constexpr std::size_t kSpaces = 12;  // more than a CPU keeps translations of
    std::deque<AddressSpace> others;

    Turns() {
        put(code, 0, {ldr(1, 2), str(3, 2), svc(0)});
        x(2, kData.value);
        for (std::size_t i = 0; i < kSpaces; ++i) {
            AddressSpace& other = others.emplace_back(memory, *cpu);
            memory.add_ref(code);
            REQUIRE(other.map(kCode, code, kReadExec));
        }
    }
    Stop run_in(AddressSpace& in, VAddr pc = kCode) {
        cpu->write(task, Reg::Pc, pc.value);
        return cpu->run(task, in, kForever);
    }
    // What is loaded at kData before `value` is stored there.
    std::uint64_t exchange(AddressSpace& in, std::uint64_t value) {
        x(3, value);
        REQUIRE(stopped_by<Svc>(run_in(in)));
        return x(1);
    }
};

}  // namespace

TEST_CASE_METHOD(Turns, "each of many spaces has its own memory at an address", "[cpu][spaces]") {
    for (AddressSpace& in : others) map(in, kData, kReadWrite);
    for (std::uint64_t round = 0; round < 4; ++round) {
        for (std::size_t i = 0; i < kSpaces; ++i) {
            // Two of them more often than the rest.
            CHECK(exchange(others[i], 100 * i + round + 1) == (round == 0 ? 0 : 100 * i + round));
            if (round == 3) CHECK(exchange(others[0], 4) == 4);
        }
    }
}

TEST_CASE_METHOD(Turns, "memory that was remapped while another space ran is the new one",
                 "[cpu][spaces]") {
    AddressSpace &one = others[0], &two = others[1];
    for (AddressSpace* in : {&one, &two}) map(*in, kData, kReadWrite);
    exchange(one, 1);
    exchange(two, 2);
    one.unmap(kData);
    map(one, kData, kReadWrite);
    CHECK(exchange(one, 3) == 0);
    CHECK(exchange(two, 4) == 2);
    one.unmap(kData);
    CHECK(exchange(two, 5) == 4);
    const Stop stop = run_in(one);
    REQUIRE(stopped_by<Abort>(stop));
    CHECK(std::get<Abort>(stop.why).address == kData);
}

TEST_CASE_METHOD(Turns, "memory that was made read-only while another space ran refuses stores",
                 "[cpu][spaces]") {
    AddressSpace &one = others[0], &two = others[1];
    for (AddressSpace* in : {&one, &two}) map(*in, kData, kReadWrite);
    exchange(one, 1);
    exchange(two, 2);
    const auto frame = one.lookup(kData)->frame;
    memory.add_ref(frame);
    REQUIRE(one.map(kData, frame, kRead));
    const Stop stop = run_in(one);
    REQUIRE(stopped_by<Abort>(stop));
    CHECK(std::get<Abort>(stop.why).access == Access::Write);
    CHECK(x(1) == 1);
}

TEST_CASE_METHOD(Turns, "a page that one space writes fast becomes code of another",
                 "[cpu][spaces]") {
    AddressSpace &one = others[0], &two = others[1];
    const VAddr run_at(0x6100000000);
    const PAddr frame = map(one, kData, kReadWrite);
    const auto written = [](unsigned value) {
        return std::uint64_t{svc(0)} << 32 | movz(0, value);
    };
    for (AddressSpace* in : {&two, &others[2]}) map(*in, kData, kReadWrite);
    for (unsigned round = 1; round < 3; ++round) exchange(one, written(round));
    // Neither of them runs when it happens.
    exchange(others[2], 0);
    memory.add_ref(frame);
    REQUIRE(two.map(run_at, frame, kReadExec));
    for (const unsigned value : {2U, 7U, 8U}) {
        REQUIRE(stopped_by<Svc>(run_in(two, run_at)));
        CHECK(x(0) == value);
        exchange(one, written(value == 2 ? 7 : 8));
    }
}

TEST_CASE_METHOD(Turns, "jumps lead to each space's own code", "[cpu][spaces]") {
    // Calls of other pages: by an immediate and by a register.
    const VAddr near = kCode + kPageSize, far(0x6100000000);
    put(code, 0x100, {bl(std::int64_t{kPageSize} - 0x100), blr(5), svc(0)});
    x(5, far.value);
    const auto give = [&](AddressSpace& in, VAddr page, unsigned to, unsigned value) {
        put(map(in, page, kReadExec), 0, {movz(to, value), kRet});
    };
    for (unsigned i = 0; i < kSpaces; ++i) {
        give(others[i], near, 6, 100 + i);
        give(others[i], far, 7, 200 + i);
    }
    const auto check = [&](unsigned i, unsigned first, unsigned second) {
        REQUIRE(stopped_by<Svc>(run_in(others[i], kCode + 0x100)));
        CHECK(x(6) == first);
        CHECK(x(7) == second);
    };
    for (int round = 0; round < 3; ++round) {
        for (unsigned i = 0; i < kSpaces; ++i) check(i, 100 + i, 200 + i);
        for (int turn = 0; turn < 5; ++turn) {
            check(0, 100, 200);
            check(1, 101, 201);
        }
    }
    // Code that another space was given, while the first one ran.
    others[1].unmap(far);
    give(others[1], far, 7, 300);
    check(0, 100, 200);
    check(1, 101, 300);
    // Code that is changed where it is, while a space runs that does not jump.
    check(0, 100, 200);
    REQUIRE(stopped_by<Svc>(run_in(others[1], kCode + 0x108)));
    put(others[0].lookup(near)->frame, 0, {movz(6, 400), kRet});
    REQUIRE(stopped_by<Svc>(run_in(others[1], kCode + 0x108)));
    check(0, 400, 200);
}

TEST_CASE_METHOD(Turns, "a space of which nothing was translated leaves the next one as it was",
                 "[cpu][spaces]") {
    AddressSpace &one = others[0], &two = others[1];
    AddressSpace empty(memory, *cpu);
    for (AddressSpace* in : {&one, &two}) map(*in, kData, kReadWrite);
    exchange(one, 1);
    exchange(two, 2);
    put(code, 0x200, {svc(0)});  // drops code, and so all translations of the space that runs
    REQUIRE(stopped_by<Abort>(run_in(empty)));
    CHECK(exchange(one, 3) == 1);
    // So many changes that they are not told page by page.
    one.unmap(kData);
    for (std::uint64_t page = 0; page < 100; ++page) map(one, kData + page * kPageSize, kReadWrite);
    CHECK(exchange(one, 4) == 0);
}
