// SPDX-License-Identifier: GPL-2.0-or-later
// Instructions, classes and cycles are those of what was executed: where blocks are left in the
// middle, where code changes under a counted address, and between contexts.
#include "tests/sim/cpu/cpu_fixture.h"

using namespace uprobesim;
using namespace uprobesim::a64;

namespace {

// Each kind of word has its own class and price, so that a count of the wrong block shows.
struct TellingModel final : BlockModel {
    BlockInfo analyse(std::span<const std::uint32_t> words) const override {
        BlockInfo info;
        std::uint64_t sum = 0;
        for (const std::uint32_t w : words) {
            const bool load = (w & 0xffc00000u) == 0xf9400000u;
            const bool move = (w & 0xffe00000u) == 0xd2800000u;
            info.classes.push_back(load   ? InsnClass::Load
                                   : move ? InsnClass::IntAlu
                                          : InsnClass::Other);
            sum += load ? 400 : move ? 100 : 10;
            info.cycles_through.push_back(CentiCycles(sum));
        }
        return info;
    }
};

struct CountFixture {
    PhysicalMemory memory{256u << 20};
    TellingModel model;
    std::unique_ptr<Cpu> cpu = make_unicorn_cpu(memory, model);
    ContextId task = cpu->create_context();

    PAddr map(AddressSpace& space, VAddr page, Prot prot,
              std::initializer_list<std::uint32_t> words = {}) {
        const auto frame = memory.allocate();
        REQUIRE(frame);
        std::memcpy(memory.bytes(*frame).data(), std::data(words), words.size() * 4);
        REQUIRE(space.map(page, *frame, prot));
        return *frame;
    }
    Stop run(ContextId id, const AddressSpace& space, VAddr pc) {
        cpu->write(id, Reg::Pc, pc.value);
        return cpu->run(id, space, InsnCount(~std::uint64_t{0}));
    }
    void check(ContextId id, std::uint64_t loads, std::uint64_t moves, std::uint64_t others) {
        const UserWork work = cpu->work(id);
        CHECK(work.by_class[static_cast<std::size_t>(InsnClass::Load)] == loads);
        CHECK(work.by_class[static_cast<std::size_t>(InsnClass::IntAlu)] == moves);
        CHECK(work.by_class[static_cast<std::size_t>(InsnClass::Other)] == others);
        CHECK(work.insns == InsnCount(loads + moves + others));
        CHECK(work.cycles == CentiCycles(400 * loads + 100 * moves + 10 * others));
    }
};
constexpr Prot kReadExec{true, false, true};
const VAddr kCode(0x5555550000);

}  // namespace

TEST_CASE_METHOD(CountFixture,
                 "a block that aborts in the middle is counted up to there, each time",
                 "[cpu][counts]") {
    AddressSpace space(memory, *cpu);
    map(space, kCode, kReadExec, {movz(0, 1), ldr(1, 2), ldr(1, 3), movz(0, 2), svc(0)});
    cpu->write(task, xreg(2), kCode.value);
    cpu->write(task, xreg(3), 0x1000);
    REQUIRE(stopped_by<Abort>(run(task, space, kCode)));
    check(task, 1, 1, 0);
    REQUIRE(stopped_by<Abort>(cpu->run(task, space, InsnCount(100))));
    check(task, 1, 1, 0);
    cpu->write(task, xreg(3), kCode.value);
    REQUIRE(stopped_by<Svc>(cpu->run(task, space, InsnCount(100))));
    check(task, 2, 2, 1);
}

TEST_CASE_METHOD(CountFixture, "code that is replaced is counted as what it is now",
                 "[cpu][counts]") {
    AddressSpace space(memory, *cpu), other(memory, *cpu);
    const PAddr frame = map(space, kCode, kReadExec, {movz(0, 1), movz(0, 1), svc(0)});
    map(other, VAddr(0x400000), kReadExec, {svc(0)});
    // Mostly the page lives on, as a file's page does.
    bool lives_on = true;
    memory.add_ref(frame);
    cpu->write(task, xreg(2), kCode.value);
    const std::uint32_t loads[] = {ldr(1, 2), ldr(1, 2), svc(0)};
    REQUIRE(stopped_by<Svc>(run(task, space, kCode)));
    check(task, 0, 2, 1);
    SECTION("by writing it") {
        std::memcpy(memory.bytes(frame).data(), loads, sizeof loads);
        memory.note_write(frame);
    }
    SECTION("by mapping another page") {
        map(space, kCode, kReadExec, {loads[0], loads[1], loads[2]});
    }
    SECTION("while another space is the current one") {
        REQUIRE(stopped_by<Svc>(run(task, other, VAddr(0x400000))));
        check(task, 0, 2, 2);
        map(space, kCode, kReadExec, {loads[0], loads[1], loads[2]});
        REQUIRE(stopped_by<Svc>(run(task, space, kCode)));
        check(task, 2, 2, 3);
        memory.release(frame);
        return;
    }
    SECTION("by freeing the page and using it again") {
        memory.release(frame);
        lives_on = false;
        space.unmap(kCode);
        CHECK(map(space, kCode, kReadExec, {loads[0], loads[1], loads[2]}) == frame);
    }
    REQUIRE(stopped_by<Svc>(run(task, space, kCode)));
    check(task, 2, 2, 2);
    if (lives_on) memory.release(frame);
}

TEST_CASE_METHOD(CountFixture, "contexts that run the same blocks in turn count their own",
                 "[cpu][counts]") {
    AddressSpace space(memory, *cpu);
    map(space, kCode, kReadExec, {movz(0, 1), ldr(1, 2), svc(0), movz(0, 2), svc(0)});
    const ContextId other = cpu->create_context();
    cpu->write(task, xreg(2), kCode.value);
    cpu->write(other, xreg(2), kCode.value);
    for (std::uint64_t round = 1; round <= 5; ++round) {
        REQUIRE(stopped_by<Svc>(run(task, space, kCode)));
        REQUIRE(stopped_by<Svc>(run(other, space, kCode)));
        REQUIRE(stopped_by<Svc>(run(other, space, kCode + 12)));
        CHECK(cpu->insns(task) == InsnCount(3 * round));
        CHECK(cpu->insns(other) == InsnCount(5 * round));
        if (round == 3) {
            check(task, 3, 3, 3);
            check(task, 3, 3, 3);
        }
    }
    check(task, 5, 5, 5);
    check(other, 5, 10, 10);
}

TEST_CASE_METHOD(CountFixture, "a store into the running code is counted and stops nothing",
                 "[cpu][counts]") {
    AddressSpace space(memory, *cpu);
    // str w1, [x2] onto the second movz; ldr; b to it. The new word is run after the branch.
    const PAddr frame = map(space, kCode, {true, true, true},
                            {str_w(1, 2), ldr(4, 2), b(4), movz(0, 1), movz(0, 1), svc(0)});
    cpu->write(task, xreg(1), movz(0, 9));
    cpu->write(task, xreg(2), kCode.value + 16);
    const Stop stop = run(task, space, kCode);
    REQUIRE(stopped_by<Svc>(stop));
    CHECK(stop.retired == InsnCount(6));
    CHECK(cpu->read(task, xreg(0)) == 9);
    check(task, 1, 2, 3);
    CHECK(memory.refs(frame) == 1);
}
