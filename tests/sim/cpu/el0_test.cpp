// SPDX-License-Identifier: GPL-2.0-or-later
// What EL0 is allowed, as SCTLR_EL1, CNTKCTL_EL1 and the A72 have it, and the edges of the address
// space.
#include "tests/sim/cpu/cpu_fixture.h"

using namespace uprobesim;
using namespace uprobesim::a64;

namespace {
const VAddr kLast(AddressSpace::kTop - kPageSize);
}

TEST_CASE_METHOD(CpuFixture, "EL0 reads the cache's shape and the block that DC ZVA clears",
                 "[cpu][el0]") {
    put(code, 0, {0xd53b00e0 /* mrs x0, dczid_el0 */, 0xd53b0021 /* mrs x1, ctr_el0 */, svc(0)});
    REQUIRE(stopped_by<Svc>(run_from(kCode)));
    CHECK(x(0) == 0x4);         // 64 bytes; DZP is clear
    CHECK(x(1) == 0x8444c004);  // Cortex-A72 TRM, CTR_EL0
}

TEST_CASE_METHOD(CpuFixture, "DC ZVA clears its block and faults as a store does", "[cpu][el0]") {
    const PAddr data = map(kData, kReadWrite);
    map(kData + kPageSize, kRead);
    std::memset(memory.bytes(data).data(), 0xaa, kPageSize);
    put(code, 0, {0xd50b7421 /* dc zva, x1 */, 0xf9000042 /* str x2, [x2] */, svc(0)});
    for (const std::uint64_t at : {200, 320, 330}) {  // by the slow way, and by an open page
        x(1, kData.value + at);
        x(2, kData.value + 0x800);
        REQUIRE(stopped_by<Svc>(run_from(kCode)));
    }
    std::size_t zeros = 0;
    for (const std::byte b : memory.bytes(data)) zeros += b == std::byte{0};
    CHECK(zeros == 128 + 6);  // of the address that was stored, 6 bytes are zero
    CHECK(word64(data, 192) == 0);
    CHECK(word64(data, 184) == 0xaaaaaaaaaaaaaaaa);
    CHECK(word64(data, 256) == 0xaaaaaaaaaaaaaaaa);
    for (const std::uint64_t at : {kPageSize + 72, 2 * kPageSize}) {
        x(1, kData.value + at);
        const Stop stop = run_from(kCode);
        REQUIRE(stopped_by<Abort>(stop));
        CHECK(std::get<Abort>(stop.why).access == Access::Write);
        CHECK(std::get<Abort>(stop.why).address == kData + at);
        CHECK(stop.pc == kCode);
    }
}

TEST_CASE_METHOD(CpuFixture, "what the kernel emulates or refuses traps with its word",
                 "[cpu][el0]") {
    const std::uint32_t words[] = {
        0xd53be040,  // mrs x0, cntvct_el0
        0xd53be000,  // mrs x0, cntfrq_el0
        0xd5380000,  // mrs x0, midr_el1
        0xd5380600,  // mrs x0, id_aa64isar0_el1
        0xd53b9d00,  // mrs x0, pmccntr_el0
        0xd51b4220,  // msr daif, x0
        0xd50343df,  // msr daifset, #3
        0xd69f03e0,  // eret
        0xd4400000,  // hlt #0
        0xd45e0000,  // hlt #0xf000, semihosting elsewhere
        0xd4000002,  // hvc #0
        0xd4000003,  // smc #0
        0xd4a00001,  // dcps1
        0xf8200023,  // ldadd, not in an A72
    };
    for (const std::uint32_t word : words) {
        put(code, 0, {kNop, word, svc(0)});
        const Stop stop = run_from(kCode);
        CAPTURE(word);
        REQUIRE(stopped_by<Undefined>(stop));
        CHECK(std::get<Undefined>(stop.why).word == word);
        CHECK(stop.pc == kCode + 4);
    }
}

TEST_CASE_METHOD(CpuFixture, "waiting and cache maintenance by address are executed",
                 "[cpu][el0]") {
    x(0, kCode.value);
    put(code, 0,
        {0xd503207f /* wfi */, 0xd503205f /* wfe */, 0xd503203f /* yield */,
         0xd50b7520 /* ic ivau, x0 */, 0xd50b7b20 /* dc cvau, x0 */, 0xd5033fdf /* isb */, svc(0)});
    const Stop stop = run_from(kCode);
    REQUIRE(stopped_by<Svc>(stop));
    CHECK(stop.retired == InsnCount(7));
    CHECK(cpu->work(task).by_class[0] == 7);
}

TEST_CASE_METHOD(CpuFixture, "code that runs off the end of user space aborts there",
                 "[cpu][el0]") {
    put(map(kLast, kReadExec), 0xffc, {add_imm(0, 0, 1)});
    const Stop stop = run_from(VAddr(AddressSpace::kTop - 4));
    REQUIRE(stopped_by<Abort>(stop));
    CHECK(std::get<Abort>(stop.why).access == Access::Execute);
    CHECK(stop.pc == VAddr(AddressSpace::kTop));
    CHECK(stop.retired == InsnCount(1));
    CHECK(x(0) == 1);
}

TEST_CASE("accesses across the end of user space abort and change nothing", "[cpu][el0]") {
    UnicornOptions options;
    options.fast_stores = GENERATE(true, false);
    CpuFixture f(options);
    const PAddr last = f.map(kLast, CpuFixture::kReadWrite);
    f.put(f.code, 0, {str(1, 3), ldr(4, 2), svc(0)});
    f.put(f.code, 0x40, {str(1, 2), svc(0)});
    f.x(1, ~std::uint64_t{0});
    f.x(2, AddressSpace::kTop - 4);
    f.x(3, AddressSpace::kTop - 16);  // so that the page is in use
    Stop stop = f.run_from(CpuFixture::kCode);
    REQUIRE(stopped_by<Abort>(stop));
    CHECK(std::get<Abort>(stop.why).access == Access::Read);
    CHECK(stop.pc == CpuFixture::kCode + 4);
    stop = f.run_from(CpuFixture::kCode + 0x40);
    REQUIRE(stopped_by<Abort>(stop));
    CHECK(std::get<Abort>(stop.why).access == Access::Write);
    CHECK(f.word64(last, 0xff8) == 0);
    CHECK(f.word64(last, 0xff0) == ~std::uint64_t{0});
}

TEST_CASE_METHOD(CpuFixture, "address 0 is an address like any other", "[cpu][el0]") {
    Stop stop = run_from(VAddr(0));
    REQUIRE(stopped_by<Abort>(stop));
    CHECK(std::get<Abort>(stop.why).access == Access::Execute);
    CHECK(stop.pc == VAddr(0));
    CHECK(stop.retired == InsnCount(0));
}
