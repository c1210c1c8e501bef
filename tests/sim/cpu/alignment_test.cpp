// SPDX-License-Identifier: GPL-2.0-or-later
// Accesses that must be aligned (Arm ARM, "Alignment of data accesses", without LSE2): the
// exclusives, and the load-acquires and store-releases. An alignment fault comes before any
// translation fault. And tags, which TCR_EL1.TBI0 has ignored.
#include "tests/sim/cpu/cpu_fixture.h"

using namespace uprobesim;
using namespace uprobesim::a64;

namespace {

constexpr std::uint32_t ldar(unsigned t, unsigned n, unsigned size = 3) {
    return 0x08dffc00u | size << 30 | n << 5 | t;
}
constexpr std::uint32_t stlr(unsigned t, unsigned n, unsigned size = 3) {
    return 0x089ffc00u | size << 30 | n << 5 | t;
}
constexpr std::uint32_t cbz(unsigned t, std::int64_t offset) {
    return 0xb4000000u | ((static_cast<std::uint32_t>(offset >> 2) & 0x7ffffu) << 5) | t;
}

void check_fault(const Stop& stop, VAddr pc, VAddr address, Access access, std::uint64_t retired) {
    REQUIRE(stopped_by<Abort>(stop));
    const auto& abort = std::get<Abort>(stop.why);
    CHECK(abort.unaligned);
    CHECK(abort.address == address);
    CHECK(abort.access == access);
    CHECK(stop.pc == pc);
    CHECK(stop.retired == InsnCount(retired));
}

}  // namespace

TEST_CASE_METHOD(CpuFixture, "an unaligned load-acquire or store-release faults wherever it stands",
                 "[cpu][alignment]") {
    map(kData, kReadWrite);
    x(1, kData.value);
    put(code, 0, {ldar(2, 1), kNop, add_imm(1, 1, 4), kNop, stlr(2, 1), kNop, svc(0)});
    for (int round = 0; round < 3; ++round) {
        x(1, kData.value);
        check_fault(run_from(kCode), kCode + 16, kData + 4, Access::Write, 4);
    }
    x(1, kData.value + 1);
    check_fault(run_from(kCode), kCode, kData + 1, Access::Read, 0);
    x(1, kData.value + 4);  // unaligned at the first, aligned at the second
    check_fault(run_from(kCode), kCode, kData + 4, Access::Read, 0);
    const Stop stop = run_from(kCode + 4);
    REQUIRE(stopped_by<Svc>(stop));
    CHECK(stop.retired == InsnCount(6));
}

TEST_CASE_METHOD(CpuFixture, "aligned ones do what loads and stores do, and are counted once",
                 "[cpu][alignment]") {
    const PAddr data = map(kData, kReadWrite);
    put(code, 0,
        {movz(3, 100), ldar(2, 1), add_imm(2, 2, 1), stlr(2, 1), ldar(4, 1), subs_imm(3, 3, 1),
         0x54ffff61u /* b.ne to the first ldar */, svc(0)});
    x(1, kData.value + 8);
    const Stop stop = run_from(kCode);
    REQUIRE(stopped_by<Svc>(stop));
    CHECK(word64(data, 8) == 100);
    CHECK(x(4) == 100);
    CHECK(stop.retired == InsnCount(1 + 100 * 6 + 1));
    CHECK(cpu->work(task).by_class[0] == 602);
    CHECK(cpu->work(task).cycles == CentiCycles(60200));
}

TEST_CASE_METHOD(CpuFixture, "smaller ones are checked by their size, bytes not at all",
                 "[cpu][alignment]") {
    map(kData, kReadWrite);
    for (unsigned size = 0; size < 4; ++size) {
        for (unsigned offset = 0; offset < 8; ++offset) {
            for (const bool load : {true, false}) {
                put(code, 0, {kNop, load ? ldar(2, 1, size) : stlr(2, 1, size), svc(0)});
                x(1, kData.value + offset);
                CAPTURE(size, offset, load);
                const Stop stop = run_from(kCode);
                CHECK(stopped_by<Svc>(stop) == (offset % (1u << size) == 0));
            }
        }
    }
}

TEST_CASE_METHOD(CpuFixture, "blocks that end with the same access are cut before it",
                 "[cpu][alignment]") {
    map(kData, kReadWrite);
    // The access is the last instruction of the engine's page, so that no block goes on behind it.
    constexpr std::uint64_t kAccess = 0x3fc;
    put(code, 0x3f0, {kNop, kNop, kNop, ldar(2, 1), svc(0)});
    for (int round = 0; round < 3; ++round) {
        for (const std::uint64_t entry : {0x3f0U, 0x3f8U, 0x3f4U}) {
            CAPTURE(round, entry);
            x(1, kData.value);
            const Stop stop = run_from(kCode + entry);
            CHECK(stopped_by<Svc>(stop));
            CHECK(stop.retired == InsnCount((kAccess - entry) / 4 + 2));
            x(1, kData.value + 1);
            check_fault(run_from(kCode + entry), kCode + kAccess, kData + 1, Access::Read,
                        (kAccess - entry) / 4);
        }
    }
}

TEST_CASE_METHOD(CpuFixture, "a block is cut again when a cut inside it has dropped a part of it",
                 "[cpu][alignment]") {
    map(kData, kReadWrite);
    constexpr std::uint64_t kFirst = 0x3f0, kLast = 0x3fc;
    put(code, 0x3e8, {kNop, kNop, ldar(2, 1), kNop, kNop, ldar(2, 1), svc(0)});
    for (int round = 0; round < 3; ++round) {
        for (const std::uint64_t entry : {0x3e8U, 0x3f4U, 0x3e8U, 0x3f0U, 0x3ecU}) {
            CAPTURE(round, entry);
            x(1, kData.value);
            const Stop stop = run_from(kCode + entry);
            CHECK(stopped_by<Svc>(stop));
            CHECK(stop.retired == InsnCount((kLast - entry) / 4 + 2));
            x(1, kData.value + 1);
            const std::uint64_t access = entry <= kFirst ? kFirst : kLast;
            check_fault(run_from(kCode + entry), kCode + access, kData + 1, Access::Read,
                        (access - entry) / 4);
        }
    }
}

TEST_CASE_METHOD(CpuFixture, "blocks that overlap are cut at the same instruction",
                 "[cpu][alignment]") {
    map(kData, kReadWrite);
    // Enters the same code at two places, alternately.
    put(code, 0, {kNop, kNop, kNop, ldar(2, 1), kNop, ldar(2, 1), cbz(9, 8), kNop, svc(0)});
    for (int round = 0; round < 6; ++round) {
        for (const std::uint64_t entry : {0U, 8U, 4U, 12U}) {
            x(1, kData.value);
            const Stop good = run_from(kCode + entry);
            REQUIRE(stopped_by<Svc>(good));
            CHECK(good.retired == InsnCount(8 - entry / 4));
            x(1, kData.value + 2);
            check_fault(run_from(kCode + entry), kCode + 12, kData + 2, Access::Read,
                        3 - entry / 4);
        }
    }
}

TEST_CASE_METHOD(CpuFixture, "the fault of alignment comes before that of translation",
                 "[cpu][alignment]") {
    const VAddr nowhere(0x7000000000);
    for (const std::uint32_t word : {ldar(2, 1), stlr(2, 1), ldxr(2, 1)}) {
        CAPTURE(word);
        put(code, 0, {kNop, word, svc(0)});
        x(1, nowhere.value + 4);
        Stop stop = run_from(kCode);
        REQUIRE(stopped_by<Abort>(stop));
        CHECK(std::get<Abort>(stop.why).unaligned);
        x(1, nowhere.value);
        stop = run_from(kCode);
        REQUIRE(stopped_by<Abort>(stop));
        CHECK_FALSE(std::get<Abort>(stop.why).unaligned);
    }
}

TEST_CASE_METHOD(CpuFixture, "a stepped load-acquire is checked too", "[cpu][alignment]") {
    map(kData, kReadWrite);
    x(1, kData.value + 1);
    check_fault(step_at(kCode, ldar(2, 1)), kCode, kData + 1, Access::Read, 0);
    x(1, kData.value + 8);
    CHECK(stopped_by<StepDone>(step_at(kCode, ldar(2, 1))));
}

TEST_CASE_METHOD(CpuFixture, "the code that a block was cut for stays what it is",
                 "[cpu][alignment]") {
    map(kData, kReadWrite);
    x(1, kData.value);
    put(code, 0, {kNop, ldar(2, 1), kNop, svc(0)});
    const std::uint64_t before = word64(code, 0);
    REQUIRE(stopped_by<Svc>(run_from(kCode)));
    CHECK(word64(code, 0) == before);
    // And when it is rewritten, the new code runs.
    put(code, 0, {kNop, movz(2, 7), movz(3, 8), svc(0)});
    REQUIRE(stopped_by<Svc>(run_from(kCode)));
    CHECK(x(2) == 7);
    CHECK(x(3) == 8);
}

TEST_CASE_METHOD(CpuFixture, "the top byte of an address is ignored by loads, stores and branches",
                 "[cpu][tags]") {
    const PAddr data = map(kData, kReadWrite);
    const std::uint64_t tag = std::uint64_t{0x5a} << 56;
    put(code, 0, {str(2, 1), ldr(3, 1), str(2, 4, 8), svc(0)});
    for (std::uint64_t i = 1; i < 200; ++i) {
        x(1, kData.value | (i << 56));
        x(2, i * 3);
        x(4, kData.value);
        REQUIRE(stopped_by<Svc>(run_from(kCode)));
        CHECK(word64(data, 0) == i * 3);
        CHECK(word64(data, 8) == i * 3);
        CHECK(x(3) == i * 3);
    }
    put(code, 64, {br(5)});
    put(code, 128, {movz(6, 9), svc(0)});
    x(5, (kCode.value + 128) | tag);
    const Stop stop = run_from(kCode + 64);
    REQUIRE(stopped_by<Svc>(stop));
    CHECK(stop.pc == kCode + 136);
    CHECK(x(6) == 9);
    // What is not there faults with the tag in FAR_EL1; an address of the other half has none.
    put(code, 0, {ldr(3, 1), svc(0)});
    x(1, 0x7000000000 | tag);
    Stop fault = run_from(kCode);
    REQUIRE(stopped_by<Abort>(fault));
    CHECK(std::get<Abort>(fault.why).address == VAddr(0x7000000000 | tag));
    x(1, kData.value | std::uint64_t{0x80} << 48);  // bit 55
    fault = run_from(kCode);
    REQUIRE(stopped_by<Abort>(fault));
}

TEST_CASE_METHOD(CpuFixture, "code that is written through a tag runs", "[cpu][tags]") {
    const VAddr page(0x6000000000);
    map(page, kAll);
    put(code, 0, {str_w(2, 1), 0xb9000423u /* str w3, [x1, #4] */, blr(4), svc(0)});
    for (unsigned i = 0; i < 20; ++i) {
        x(1, page.value | std::uint64_t{i % 4} << 56);
        x(2, movz(7, i));
        x(3, kRet);
        x(4, page.value | std::uint64_t{i % 3} << 60);
        REQUIRE(stopped_by<Svc>(run_from(kCode)));
        CHECK(x(7) == i);
    }
}

TEST_CASE_METHOD(CpuFixture,
                 "a page that is mapped to other memory is seen there, with a tag or not",
                 "[cpu][tags]") {
    const std::uint64_t tag = GENERATE(0u, 0x5au) * (std::uint64_t{1} << 56);
    const unsigned pages = GENERATE(1u, 3u, 100u);
    put(code, 0, {ldr(3, 1), str(2, 1), svc(0)});
    for (std::uint64_t round = 0; round < 4; ++round) {
        std::vector<PAddr> frames;
        for (unsigned i = 0; i < pages; ++i) {
            frames.push_back(map(kData + i * kPageSize, kReadWrite));
            const std::uint64_t value = round * 1000 + i;
            std::memcpy(memory.bytes(frames.back()).data(), &value, sizeof value);
        }
        for (unsigned i = 0; i < pages; ++i) {
            CAPTURE(round, i);
            x(1, (kData.value + i * kPageSize) | tag);
            x(2, round + 7);
            REQUIRE(stopped_by<Svc>(run_from(kCode)));
            CHECK(x(3) == round * 1000 + i);
            CHECK(word64(frames[i], 0) == round + 7);
        }
        // What may only be read from now on cannot be written.
        space.protect(kData, kRead);
        x(1, kData.value | tag);
        CHECK(stopped_by<Abort>(run_from(kCode)));
    }
}
