// SPDX-License-Identifier: GPL-2.0-or-later
// Expected values: qemu-aarch64 -cpu cortex-a72, and the Cortex-A72 TRM for MIDR.
#include "kernel_model/run/sysreg.h"

#include "sim/profile/machine_profile.h"
#include "tests/kernel_model/kernel/kernel_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

TEST_CASE("ID registers read as Linux shows a Cortex-A72", "[sysreg]") {
    struct Case {
        unsigned op1, crn, crm, op2;
        std::uint64_t value;
    };
    for (const Case& c : {Case{0, 0, 0, 0, 0x410fd083}, Case{0, 0, 0, 5, 0x80000000},
                          Case{0, 0, 0, 6, 0}, Case{0, 0, 4, 0, 0x11}, Case{0, 0, 4, 1, 0},
                          Case{0, 0, 5, 0, 0x6}, Case{0, 0, 6, 0, 0x11120}, Case{0, 0, 6, 1, 0},
                          Case{0, 0, 7, 0, 0xff000000}, Case{0, 0, 7, 7, 0}}) {
        const auto read = emulate_mrs(a64::mrs(5, 3, c.op1, c.crn, c.crm, c.op2), {});
        REQUIRE(read);
        CHECK(read->target == 5);
        CHECK(read->value == c.value);
        CHECK(read->ec == ExceptionClass::Undefined);
    }
}

TEST_CASE("registers that EL0 may not know are not emulated", "[sysreg]") {
    CHECK_FALSE(emulate_mrs(a64::mrs(0, 3, 0, 1, 0, 0), {}));  // SCTLR_EL1
    CHECK_FALSE(emulate_mrs(a64::mrs(0, 3, 0, 0, 0, 1), {}));
    CHECK_FALSE(emulate_mrs(a64::mrs(0, 3, 0, 0, 1, 0), {}));  // ID_PFR0_EL1's row is 32-bit only
    CHECK_FALSE(emulate_mrs(0xd5184000, {}));                  // MSR
    CHECK_FALSE(emulate_mrs(0, {}));
}

TEST_CASE("the counter trap is a system register exception", "[sysreg]") {
    const auto read =
        emulate_mrs(a64::mrs(31, 3, 3, 14, 0, 2), {.counter = 1234, .counter_hz = 50'000'000});
    REQUIRE(read);
    CHECK(read->value == 1234);
    CHECK(read->ec == ExceptionClass::SysregTrap);
    CHECK(read->target == 31);
}

TEST_CASE("a guest reads MIDR_EL1 and goes on after it", "[sysreg][kernel]") {
    KernelFixture f(with_exit({a64::mrs(3, 3, 0, 0, 0, 0), a64::kNop}));
    CHECK(f.run_loop->run({}).status == 0);
    CHECK(f.x(3) == 0x410fd083);
    CHECK(f.exceptions(ExceptionClass::Undefined) == 1);
    CHECK(f.times(KernelPath::SysregEmulation) == 1);
}

TEST_CASE(
    "CTR_EL0 is the machine's: IDC and DIC of its profile, read without a trap unless Linux hides "
    "DIC",
    "[sysreg][kernel]") {
    // 64-byte lines, PIPT (Cortex-A72 TRM). IDC is bit 28, DIC bit 29 (Arm ARM). What a Neoverse V1
    // shows is known from Graviton3: 0xb444c004. Without DIC Linux says that instruction lines are
    // 4 KiB (2^10 words).
    const struct {
        const char* machine;
        std::vector<Setting> settings;
        std::uint64_t value;
        std::uint64_t traps;
    } rows[] = {{"kunpeng916", {}, 0x8444c004, 0},
                {"kunpeng916", {{"machine.idc", "1"}}, 0x9444c004, 0},
                {"kunpeng916", {{"machine.dic", "1"}}, 0xa444c004, 0},
                {"neoverse-v1", {}, 0xb444c004, 0},
                {"neoverse-n1", {}, 0x9444c00a, 1}};
    for (const auto& row : rows) {
        const auto machine = load_machine_profile(row.machine, row.settings);
        REQUIRE(machine);
        KernelFixture f(with_exit({a64::mrs(3, 3, 3, 0, 0, 1), a64::mrs(31, 3, 3, 0, 0, 1)}),
                        nullptr, *machine);
        CHECK(f.run_loop->run({}).status == 0);
        INFO(row.machine);
        CHECK(f.x(3) == row.value);
        CHECK(f.exceptions(ExceptionClass::SysregTrap) == 2 * row.traps);
        CHECK(f.times(KernelPath::SysregEmulation) == 2 * row.traps);
        CHECK(f.kernel->counters().retired() == InsnCount(2 + 2));
    }
}
