// SPDX-License-Identifier: GPL-2.0-or-later
// Changed code is never run stale, whichever way it was changed.
#include "tests/sim/cpu/cpu_fixture.h"

using namespace uprobesim;
using namespace uprobesim::a64;

TEST_CASE_METHOD(CpuFixture, "code that the kernel patched runs patched", "[cpu][code]") {
    put(code, 0, {movz(0, 1), svc(0)});
    REQUIRE(stopped_by<Svc>(run_from(kCode)));
    put(code, 0, {movz(0, 2), svc(0)});
    REQUIRE(stopped_by<Svc>(run_from(kCode)));
    CHECK(x(0) == 2);
    put(code, 0, {brk(5)});
    CHECK(stopped_by<Brk>(run_from(kCode)));
}

TEST_CASE_METHOD(CpuFixture,
                 "patching through one mapping is seen through another, and where none is left",
                 "[cpu][code]") {
    const VAddr alias(0x6000000000);
    memory.add_ref(code);
    REQUIRE(space.map(alias, code, kReadExec));
    put(code, 0, {movz(0, 1), svc(0)});
    REQUIRE(stopped_by<Svc>(run_from(alias)));
    put(code, 0, {movz(0, 2), svc(0)});
    REQUIRE(stopped_by<Svc>(run_from(alias)));
    CHECK(x(0) == 2);
    space.unmap(alias);
    put(code, 0, {movz(0, 3), svc(0)});
    memory.add_ref(code);
    REQUIRE(space.map(alias, code, kReadExec));
    REQUIRE(stopped_by<Svc>(run_from(alias)));
    CHECK(x(0) == 3);
}

TEST_CASE_METHOD(CpuFixture, "a frame that is freed and used again does not run its old code",
                 "[cpu][code]") {
    const VAddr page(0x6000000000);
    put(map(page, kReadExec), 0, {movz(0, 1), svc(0)});
    REQUIRE(stopped_by<Svc>(run_from(page)));
    for (unsigned round = 2; round < 5; ++round) {
        space.unmap(page);
        // Written before it is mapped, as file pages are: no call reports a change of code.
        const auto frame = memory.allocate();
        const std::uint32_t words[] = {movz(0, round), svc(0)};
        std::memcpy(memory.bytes(*frame).data(), words, sizeof words);
        REQUIRE(space.map(page, *frame, kReadExec));
        REQUIRE(stopped_by<Svc>(run_from(page)));
        CHECK(x(0) == round);
    }
}

TEST_CASE("a code page mapped to another frame runs the new one, at every place of the page",
          "[cpu][code]") {
    UnicornOptions options;
    options.fast_stores = GENERATE(true, false);
    CpuFixture f(options);
    const VAddr page(0x6000000000);
    // Both frames live on, as a file's page and its copy with a breakpoint do.
    const auto make = [&](unsigned value, std::uint64_t at) {
        const auto frame = f.memory.allocate();
        REQUIRE(frame);
        f.memory.mark_code(*frame);
        f.put(*frame, at, {movz(0, value), svc(0)});
        f.memory.add_ref(*frame);
        return *frame;
    };
    for (const std::uint64_t at : {0x0u, 0x3f0u, 0x400u, 0x7f0u, 0x800u, 0xff0u}) {
        const PAddr first = make(1, at), second = make(2, at);
        REQUIRE(f.space.map(page, first, CpuFixture::kReadExec));
        for (int round = 0; round < 3; ++round) REQUIRE(stopped_by<Svc>(f.run_from(page + at)));
        CHECK(f.x(0) == 1);
        REQUIRE(f.space.map(page, second, CpuFixture::kReadExec));
        REQUIRE(stopped_by<Svc>(f.run_from(page + at)));
        CHECK(f.x(0) == 2);
        f.space.unmap(page);
        f.memory.release(first);
        f.memory.release(second);
    }
}

TEST_CASE("guest code that rewrites itself runs what it wrote", "[cpu][code]") {
    UnicornOptions options;
    options.fast_stores = GENERATE(true, false);
    CpuFixture f(options);
    const VAddr jit(0x6000000000);
    SECTION("in a page that may be written and executed") {
        f.put(f.map(jit, CpuFixture::kAll), 0, {add_imm(0, 0, 1), kRet});
    }
    SECTION("through a second, writable mapping of an executable page") {
        const PAddr frame = f.map(jit, CpuFixture::kReadExec);
        f.put(frame, 0, {add_imm(0, 0, 1), kRet});
        f.memory.add_ref(frame);
        REQUIRE(f.space.map(jit + 0x100000, frame, CpuFixture::kReadWrite));
    }
    const VAddr write_to = f.space.lookup(jit)->prot.write ? jit : jit + 0x100000;
    f.put(f.code, 0,
          {str_w(1, 6), blr(2), str_w(3, 6), blr(2), subs_imm(5, 5, 1), cbnz(5, -20), svc(0)});
    f.x(0, 0);
    f.x(1, add_imm(0, 0, 1));
    f.x(2, jit.value);
    f.x(3, add_imm(0, 0, 2));
    f.x(5, 100);
    f.x(6, write_to.value);
    const Stop stop = f.run_from(CpuFixture::kCode);
    REQUIRE(stopped_by<Svc>(stop));
    CHECK(f.x(0) == 300);
    CHECK(stop.retired == InsnCount(100 * (6 + 4) + 1));
}

TEST_CASE("a data page written fast turns into code", "[cpu][code]") {
    UnicornOptions options;
    options.fast_stores = GENERATE(true, false);
    CpuFixture f(options);
    const VAddr page(0x6000000000);
    f.map(page, CpuFixture::kReadWrite);
    f.put(f.code, 0, {str_w(1, 2), svc(0)});
    f.put(f.code, 0x40, {str_w(1, 2), svc(0)});
    f.x(2, page.value);
    std::uint64_t expected = 0;
    for (const unsigned value : {7u, 8u, 9u}) {
        f.space.protect(page, CpuFixture::kReadWrite);
        f.x(1, movz(0, value));
        REQUIRE(stopped_by<Svc>(f.run_from(CpuFixture::kCode)));
        f.x(1, svc(0));
        f.x(2, page.value + 4);
        REQUIRE(stopped_by<Svc>(f.run_from(CpuFixture::kCode + 0x40)));
        f.x(2, page.value);
        f.space.protect(page, CpuFixture::kReadExec);
        REQUIRE(stopped_by<Svc>(f.run_from(page)));
        expected = value;
        CHECK(f.x(0) == expected);
    }
}

TEST_CASE("stores of every size land, with fast stores and without", "[cpu]") {
    UnicornOptions options;
    options.fast_stores = GENERATE(true, false);
    CpuFixture f(options);
    const PAddr data = f.map(CpuFixture::kData, CpuFixture::kReadWrite);
    const std::uint32_t strb = 0x39000041, strh = 0x79001041, str32 = 0xb9001041,
                        str64 = 0xf9000c41;  // x1 to [x2, #0 8 16 24]
    const std::uint32_t stp = 0xa9020441, str_q = 0x3d800c40,
                        stur = 0xf8041041;  // #32, q0 #48, #65 unaligned
    f.put(f.code, 0, {strb, strh, str32, str64, stp, str_q, stur, svc(0)});
    f.x(1, 0x1122334455667788u);
    f.x(2, CpuFixture::kData.value);
    FpState fp;
    fp.v[0] = {0xaaaa, 0xbbbb};
    f.cpu->write_fp(f.task, fp);
    for (int round = 0; round < 3; ++round) {
        std::memset(f.memory.bytes(data).data(), 0, 128);
        REQUIRE(stopped_by<Svc>(f.run_from(CpuFixture::kCode)));
        CHECK(f.word64(data, 0) == 0x88);
        CHECK(f.word64(data, 8) == 0x7788);
        CHECK(f.word64(data, 16) == 0x55667788);
        CHECK(f.word64(data, 24) == 0x1122334455667788u);
        CHECK(f.word64(data, 32) == 0x1122334455667788u);
        CHECK(f.word64(data, 40) == 0x1122334455667788u);
        CHECK(f.word64(data, 48) == 0xaaaa);
        CHECK(f.word64(data, 56) == 0xbbbb);
        CHECK(f.word64(data, 65) == 0x1122334455667788u);
    }
}

TEST_CASE("a page that was written fast is code through another mapping", "[cpu][code]") {
    UnicornOptions options;
    options.fast_stores = GENERATE(true, false);
    CpuFixture f(options);
    const VAddr write_at(0x6000000000), run_at(0x6100000000);
    const PAddr frame = f.map(write_at, CpuFixture::kReadWrite);
    f.put(f.code, 0, {str_w(1, 2), str_w(3, 4), svc(0)});
    f.x(2, write_at.value);
    f.x(3, svc(0));
    f.x(4, write_at.value + 4);
    for (int round = 0; round < 2; ++round) REQUIRE(stopped_by<Svc>(f.run_from(CpuFixture::kCode)));
    // No translation that the engine holds changes here.
    f.memory.add_ref(frame);
    REQUIRE(f.space.map(run_at, frame, CpuFixture::kReadExec));
    for (const unsigned value : {7u, 8u, 9u}) {
        f.x(1, movz(0, value));
        REQUIRE(stopped_by<Svc>(f.run_from(CpuFixture::kCode)));
        REQUIRE(stopped_by<Svc>(f.run_from(run_at)));
        CHECK(f.x(0) == value);
    }
}

TEST_CASE_METHOD(CpuFixture, "code before which a run stopped may be patched, though it never ran",
                 "[cpu][code]") {
    const VAddr page(0x6000000000);
    const PAddr frame = map(page, kReadExec);
    put(frame, 0, {movz(0, 1), svc(0)});
    put(code, 0, {br(2)});
    x(2, page.value);
    const Stop stop = run_from(kCode, InsnCount(1));
    REQUIRE(stopped_by<BudgetSpent>(stop));
    REQUIRE(stop.pc == page);
    put(frame, 0, {movz(0, 2), svc(0)});
    REQUIRE(stopped_by<Svc>(run()));
    CHECK(x(0) == 2);
}
