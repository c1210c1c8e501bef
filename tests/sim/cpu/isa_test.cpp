// SPDX-License-Identifier: GPL-2.0-or-later
// Instruction sets beyond Armv8.0: what a machine has is executed, what it lacks is undefined,
// wherever it stands. Words are those of GNU as; what they do is the Arm manual's.
#include "tests/sim/cpu/cpu_fixture.h"

using namespace uprobesim;
using namespace uprobesim::a64;

namespace {

constexpr std::uint32_t kLdadd = 0xf8220023;  // ldadd x2, x3, [x1]
constexpr std::uint32_t kEor3 = 0xce020020;   // eor3 v0.16b, v1.16b, v2.16b, v0.16b
constexpr std::uint32_t kPacia = 0xdac10040;  // pacia x0, x2
constexpr std::uint32_t kAutia = 0xdac11040;  // autia x0, x2
constexpr std::uint32_t kBlr = 0xd63f0060;    // blr x3
constexpr std::uint32_t kBtiC = 0xd503245f, kBtiJ = 0xd503249f, kPaciasp = 0xd503233f;

UnicornOptions with(std::initializer_list<IsaFeature> features) {
    UnicornOptions options;
    for (const IsaFeature feature : features) options.isa.add(feature);
    return options;
}

struct LaterCore : CpuFixture {
    LaterCore() : CpuFixture(with({IsaFeature::Lse, IsaFeature::Rcpc})) {}
};
struct Signing : CpuFixture {
    Signing() : CpuFixture(with({IsaFeature::Pac})) {}
};
struct Guarding : CpuFixture {
    Guarding() : CpuFixture(with({IsaFeature::Bti, IsaFeature::Pac})) {}
};

}  // namespace

TEST_CASE_METHOD(LaterCore, "a core with LSE executes its atomics", "[cpu][isa]") {
    const PAddr data = map(kData, kReadWrite);
    put(code, 0, {movz(2, 5), movz(4, 100), kLdadd, subs_imm(4, 4, 1), 0x54ffffc1u, svc(0)});
    x(1, kData.value + 16);
    const Stop stop = run_from(kCode);
    REQUIRE(stopped_by<Svc>(stop));
    CHECK(stop.retired == InsnCount(2 + 300 + 1));
    CHECK(word64(data, 16) == 500);
    CHECK(x(3) == 495);
}

TEST_CASE_METHOD(LaterCore, "what the core lacks is undefined inside a block too, and counted once",
                 "[cpu][isa]") {
    put(code, 0, {movz(0, 1), movz(0, 2), kEor3, movz(0, 3), svc(0)});
    for (int round = 0; round < 3; ++round) {
        const Stop stop = run_from(kCode);
        REQUIRE(stopped_by<Undefined>(stop));
        CHECK(std::get<Undefined>(stop.why).word == kEor3);
        CHECK(stop.pc == kCode + 8);
        CHECK(stop.retired == InsnCount(3));
        CHECK(x(0) == 2);
    }
    const Stop after = run_from(kCode + 12);
    REQUIRE(stopped_by<Svc>(after));
    CHECK(x(0) == 3);
    REQUIRE(stopped_by<Undefined>(step_at(kCode, kEor3)));
    REQUIRE(stopped_by<Undefined>(step_at(kCode, kPacia)));
}

TEST_CASE_METHOD(LaterCore, "LDAPR must be aligned where the core has no LSE2", "[cpu][isa]") {
    map(kData, kReadWrite);
    put(code, 0, {kNop, 0xf8bfc022 /* ldapr x2, [x1] */, svc(0)});
    x(1, kData.value + 8);
    REQUIRE(stopped_by<Svc>(run_from(kCode)));
    x(1, kData.value + 4);
    const Stop stop = run_from(kCode);
    REQUIRE(stopped_by<Abort>(stop));
    CHECK(std::get<Abort>(stop.why).unaligned);
    CHECK(stop.pc == kCode + 4);
}

TEST_CASE("with LSE2 LDAR faults across 16 bytes only", "[cpu][isa]") {
    CpuFixture f(with({IsaFeature::Lse, IsaFeature::Rcpc, IsaFeature::Rcpc2, IsaFeature::Lse2}));
    f.map(CpuFixture::kData, CpuFixture::kReadWrite);
    struct Row {
        std::uint32_t word;
        std::uint64_t offset;
        bool faults;
    };
    for (const Row& row : {Row{0xc8dffc22, 4, false},
                           {0xc8dffc22, 8, false},
                           {0xc8dffc22, 9, true},
                           {0x88dffc22, 13, true},
                           {0x88dffc22, 10, false},
                           {0x48dffc22, 15, true},
                           {0xc89ffc22, 12, true},
                           {0xc89ffc22, 2, false},
                           {0xd95fc022 /* ldapur x2, [x1, #-4] */, 16, true},
                           {0xd9404022 /* ldapur x2, [x1, #4] */, 16, false}}) {
        INFO(std::hex << row.word << " at " << row.offset);
        f.put(f.code, 0, {row.word, svc(0)});
        f.x(1, CpuFixture::kData.value + row.offset);
        CHECK(stopped_by<Abort>(f.run_from(CpuFixture::kCode)) == row.faults);
    }
}

TEST_CASE_METHOD(Signing, "pointers are signed by the keys of each context", "[cpu][isa][pac]") {
    put(code, 0, {kPacia, svc(0), kAutia, svc(0)});
    const ContextId other = cpu->create_context();
    cpu->write_keys(task, {{{{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10}}}}, kAllPointerKeys);
    cpu->write_keys(other, {{{{11, 12}, {3, 4}, {5, 6}, {7, 8}, {9, 10}}}}, kAllPointerKeys);
    const auto run_in = [&](ContextId id, VAddr at, std::uint64_t pointer) {
        cpu->write(id, xreg(0), pointer);
        cpu->write(id, xreg(2), 42);
        cpu->write(id, Reg::Pc, at.value);
        REQUIRE(stopped_by<Svc>(cpu->run(id, space, kForever)));
        return cpu->read(id, xreg(0));
    };
    const std::uint64_t pointer = kData.value + 0x123456;
    const std::uint64_t signed_here = run_in(task, kCode, pointer);
    const std::uint64_t signed_there = run_in(other, kCode, pointer);
    CHECK(signed_here != pointer);
    CHECK(signed_here != signed_there);
    CHECK(run_in(task, kCode, pointer) == signed_here);
    CHECK(run_in(task, kCode + 8, signed_here) == pointer);
    CHECK(run_in(other, kCode + 8, signed_here) != pointer);
    // A copy has its parent's keys; a key that is not enabled signs nothing.
    const ContextId copy = cpu->clone_context(task);
    CHECK(run_in(copy, kCode + 8, signed_here) == pointer);
    cpu->enable_keys(copy, kAddressPointerKeys & ~1u);
    CHECK(run_in(copy, kCode, pointer) == pointer);
    CHECK(run_in(task, kCode, pointer) == signed_here);
}

TEST_CASE_METHOD(Guarding, "an indirect branch into a guarded page must come to a landing pad",
                 "[cpu][isa][bti]") {
    const VAddr page(0x5555560000);
    Prot guarded = kReadExec;
    guarded.guarded = true;
    const PAddr frame = map(page, guarded);
    put(code, 0, {kBlr, svc(0)});
    put(frame, 0, {kBtiC, kRet, kNop, kRet, kBtiJ, kRet, kPaciasp, 0xd50323bf, kRet});
    const auto call = [&](std::uint64_t offset) {
        x(3, page.value + offset);
        return run_from(kCode);
    };
    for (int round = 0; round < 3; ++round) {
        CHECK(stopped_by<Svc>(call(0)));
        const Stop stop = call(8);
        REQUIRE(stopped_by<BranchTarget>(stop));
        CHECK(std::get<BranchTarget>(stop.why).btype == 2);
        CHECK(stop.pc == page + 8);
        CHECK(stop.retired == InsnCount(1));
        // As the kernel's handler would: what goes on is no branch target any more.
        cpu->write(task, Reg::Pstate, cpu->read(task, Reg::Pstate) & ~kPstateBtype);
        CHECK(stopped_by<Svc>(run()));
        CHECK(stopped_by<BranchTarget>(call(16)));
        cpu->write(task, Reg::Pstate, 0);
        CHECK(stopped_by<Svc>(call(24)));
    }
    space.protect(page, kReadExec);
    CHECK(stopped_by<Svc>(call(8)));
    space.protect(page, guarded);
    CHECK(stopped_by<BranchTarget>(call(8)));
}

TEST_CASE("PSTATE's SSBS and DIT keep what a program writes", "[cpu][isa]") {
    CpuFixture f(with({IsaFeature::Lse, IsaFeature::Ssbs, IsaFeature::Dit}));
    f.cpu->write(f.task, Reg::Pstate, kPstateSsbs);
    f.put(f.code, 0,
          {0xd53b42c0 /* mrs x0, ssbs */, 0xd503403f /* msr ssbs, #0 */, 0xd53b42c1,
           0xd53b42a2 /* mrs x2, dit */, 0xd503415f /* msr dit, #1 */, 0xd53b42a3, svc(0)});
    const Stop stop = f.run_from(CpuFixture::kCode);
    REQUIRE(stopped_by<Svc>(stop));
    CHECK(stop.retired == InsnCount(7));
    CHECK(f.x(0) == kPstateSsbs);
    CHECK(f.x(1) == 0);
    CHECK(f.x(2) == 0);
    CHECK(f.x(3) == kPstateDit);
    CHECK((f.cpu->read(f.task, Reg::Pstate) & kPstateUser) == kPstateDit);
}
