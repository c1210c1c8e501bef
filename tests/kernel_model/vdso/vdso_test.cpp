// SPDX-License-Identifier: GPL-2.0-or-later
// The vDSO on machines whose counter EL0 may read. The guest program `clocks` compares the results
// of its functions with those of system calls.
#include "kernel_model/vdso/vdso.h"

#include "kernel_model/vdso/vdso_images.h"
#include "sim/profile/machine_profile.h"
#include "tests/kernel_model/kernel/kernel_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

MachineProfile with_vdso() {
    MachineProfile profile = profile_at(1e9);
    profile.vdso_clock.value = 1;
    return profile;
}

// mrs x0, cntvct_el0; mrs x1, cntfrq_el0; mrs x2, cntvct_el0
const std::vector<std::uint32_t> kReads =
    with_exit({a64::mrs(0, 3, 3, 14, 0, 2), a64::mrs(1, 3, 3, 14, 0, 0),
               a64::mrs(2, 3, 3, 14, 0, 2), a64::movz(0, 7)});

}  // namespace

TEST_CASE("the counter is read without an exception where the machine allows it", "[vdso]") {
    KernelFixture allows(kReads, nullptr, with_vdso()), traps(kReads);
    allows.run_loop->run({.max_insns = 3});
    CHECK(allows.x(1) == 50'000'000);
    CHECK(allows.exceptions(ExceptionClass::SysregTrap) == 0);
    CHECK(allows.times(KernelPath::SysregEmulation) == 0);
    CHECK(allows.run_loop->run({}).status == 7);
    CHECK(traps.run_loop->run({}).status == 7);
    CHECK(traps.exceptions(ExceptionClass::SysregTrap) == 3);
    CHECK(traps.times(KernelPath::SysregEmulation) == 3);
    // Executed by the machine, so counted; what traps is the kernel's work.
    CHECK(allows.kernel->processes().user_work().insns.value ==
          traps.kernel->processes().user_work().insns.value + 3);
}

TEST_CASE("a program finds the vDSO by its auxiliary vector", "[vdso]") {
    if (vdso_images().empty()) return;  // built without a cross compiler
    KernelFixture f({a64::movz(8, 94), a64::kSvc}, nullptr, with_vdso());
    CHECK_THAT(f.process().mm->maps_text(),
               Catch::Matches("[^]*r--p 00000000 00:00 0 +\\[vvar\\]\n[^\n]*r-xp 00000000 00:00 0 "
                              "+\\[vdso\\]\n[^]*"));
    std::uint64_t image = 0;
    for (std::size_t i = 0; i < f.process().auxv.size(); i += 2) {
        if (f.process().auxv[i] == 33) image = f.process().auxv[i + 1];  // AT_SYSINFO_EHDR
    }
    REQUIRE(image != 0);
    std::array<std::byte, 4096> page{};
    REQUIRE(UserMemory(*f.process().mm, TaskId{1000}).read(VAddr(image), page));
    const std::string text(reinterpret_cast<const char*>(page.data()), page.size());
    CHECK(
        text.starts_with("\x7f"
                         "ELF"));
    for (const char* name : {"__kernel_clock_gettime", "__kernel_gettimeofday",
                             "__kernel_clock_getres", "LINUX_2.6.39", "linux-vdso.so.1"})
        CHECK(text.find(name) != std::string::npos);
    // The page before: the counter's frequency first.
    CHECK(UserMemory(*f.process().mm, TaskId{1000}).get<std::uint64_t>(VAddr(image - 4096)) ==
          50'000'000u);
    CHECK_FALSE(
        UserMemory(*f.process().mm, TaskId{1000}).put(VAddr(image - 4096), std::uint64_t{1}));
}

TEST_CASE("a machine whose counter traps has no vDSO", "[vdso]") {
    KernelFixture f;
    CHECK(f.process().mm->maps_text().find("[vdso]") == std::string::npos);
    CHECK(make_vdso(f.machine, 0) == nullptr);
}
