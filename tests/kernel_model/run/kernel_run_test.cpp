// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "tests/kernel_model/kernel/kernel_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

TEST_CASE("exit_group ends the run with the low eight bits of the status", "[kernel]") {
    KernelFixture f(with_exit({a64::movz(0, 0x107)}));
    const ExitSummary end = f.run_loop->run({});
    CHECK(end.kind == ExitKind::Exited);
    CHECK(end.status == 7);
    CHECK(f.exceptions(ExceptionClass::Svc) == 1);
    CHECK(f.kernel->counters().retired() == InsnCount(3));
}

TEST_CASE("a load from nowhere is SIGSEGV with the address", "[kernel]") {
    KernelFixture f({a64::movz(1, 0x1234, 16), a64::ldr(0, 1)});
    const ExitSummary end = f.run_loop->run({});
    CHECK(end.kind == ExitKind::Signalled);
    CHECK(end.status == 11);
    CHECK(end.detail == "SIGSEGV at pc 0x400104, address 0x12340000");
    // EC 0x24, IL, translation fault: the program is in the same gigabyte (level 1), nothing in the
    // same 2 MiB (level 2).
    CHECK(f.task().fault_code == 0x92000006);
    CHECK(f.times(KernelPath::FaultSignal) == 1);
}

TEST_CASE("a store to text is a permission fault", "[kernel]") {
    KernelFixture f({a64::adr(1, 0), a64::str(0, 1)});
    const ExitSummary end = f.run_loop->run({});
    CHECK(end.status == 11);
    CHECK(f.task().fault_code == 0x9200004f);  // WnR, permission fault, level 3
}

TEST_CASE("a jump into the kernel's half reads as a level 0 fault", "[kernel]") {
    KernelFixture f({a64::movn(1, 0xfff), a64::br(1)});
    const ExitSummary end = f.run_loop->run({});
    CHECK(end.status == 11);
    CHECK(f.task().fault_code == 0x82000004);
}

TEST_CASE("a jump to an odd address is SIGBUS", "[kernel]") {
    KernelFixture f({a64::movz(1, 2), a64::br(1)});
    const ExitSummary end = f.run_loop->run({});
    CHECK(end.kind == ExitKind::Signalled);
    CHECK(end.status == 7);
    CHECK(f.exceptions(ExceptionClass::PcAlignment) == 1);
}

TEST_CASE("an unaligned exclusive is SIGBUS, not an endless fault", "[kernel]") {
    KernelFixture f(with_exit({0x910007e1 /* add x1, sp, #1 */, 0xc85f7c20 /* ldxr x0, [x1] */}));
    const ExitSummary end = f.run_loop->run({.max_insns = 100});
    CHECK(end.kind == ExitKind::Signalled);
    CHECK(end.status == 7);
}

TEST_CASE("an undefined word raises SIGILL, a BRK without a handler SIGTRAP", "[kernel]") {
    KernelFixture udf({0});
    CHECK(udf.run_loop->run({}).status == 4);
    CHECK(udf.exceptions(ExceptionClass::Undefined) == 1);
    CHECK(udf.task().fault_code == 0);
    KernelFixture brk({a64::brk(5)});
    CHECK(brk.run_loop->run({}).status == 5);
    CHECK(brk.times(KernelPath::BrkSigtrap) == 1);
}

TEST_CASE("the instruction limit stops an endless loop", "[kernel]") {
    KernelFixture f({a64::kNop, a64::b(-1)});
    const ExitSummary end = f.run_loop->run({.max_insns = 1000});
    CHECK(end.kind == ExitKind::LimitReached);
    CHECK(f.kernel->counters().retired().value >= 1000);
    CHECK(f.kernel->counters().retired().value < 1010);
}

TEST_CASE("a number without a system call answers ENOSYS and is reported", "[kernel]") {
    KernelFixture f(with_exit({a64::movz(8, 9999), a64::kSvc, a64::mov(0, 0)}));
    f.run_loop->run({.max_insns = 2});
    CHECK(f.x(0) == static_cast<std::uint64_t>(-38));
    CHECK(f.kernel->counters().unmodelled().contains("syscall 9999"));
}

TEST_CASE("a wait that nothing can end is a deadlock, and says so", "[kernel]") {
    // ppoll(NULL, 0, NULL, NULL)
    KernelFixture f({a64::movz(0, 0), a64::movz(1, 0), a64::movz(2, 0), a64::movz(3, 0),
                     a64::movz(8, 73), a64::kSvc});
    const ExitSummary end = f.run_loop->run({});
    CHECK(end.kind == ExitKind::Deadlock);
    REQUIRE(end.waiting.size() == 1);
    CHECK(end.waiting[0].task == 1000);
    CHECK(end.waiting[0].comm == "guest");
    CHECK(end.waiting[0].call == "ppoll");
    CHECK(end.waiting[0].waits_for == "a signal");
}

TEST_CASE("a task that waits on a futex names the word and its value", "[kernel]") {
    // futex(sp, FUTEX_WAIT_PRIVATE, 0, NULL) where the word is 0
    KernelFixture f({0xd10043ff /* sub sp, sp, #16 */, 0xf90003ff /* str xzr, [sp] */,
                     0x910003e0 /* mov x0, sp */, a64::movz(1, 128), a64::movz(2, 0),
                     a64::movz(3, 0), a64::movz(8, 98), a64::kSvc});
    const ExitSummary end = f.run_loop->run({});
    REQUIRE(end.kind == ExitKind::Deadlock);
    REQUIRE(end.waiting.size() == 1);
    CHECK(end.waiting[0].call == "futex");
    CHECK(end.waiting[0].waits_for == fmt::format("the futex word at 0x{:x}, which is 0", f.x(0)));
}

TEST_CASE("sleeping moves the clock, not the host", "[kernel]") {
    // nanosleep({100, 0}, NULL) from the stack
    KernelFixture f(
        with_exit({0xd10043ff /* sub sp, sp, #16 */, a64::movz(1, 100),
                   0xf90003e1 /* str x1, [sp] */, 0xf90007ff /* str xzr, [sp, #8] */,
                   0x910003e0 /* mov x0, sp */, a64::movz(1, 0), a64::movz(8, 101), a64::kSvc}));
    const ExitSummary end = f.run_loop->run({});
    CHECK(end.kind == ExitKind::Exited);
    CHECK(end.status == 0);
    CHECK(f.kernel->clock().monotonic_ns() >= 100'000'000'000u);
    CHECK(f.kernel->clock().monotonic_ns() < 100'001'000'000u);
}

TEST_CASE("cycles become nanoseconds at the machine's frequency", "[kernel]") {
    KernelFixture f(
        with_exit({a64::kNop, a64::kNop}));  // FlatCore: one cycle each; 1 GHz; no kernel prices
    f.run_loop->run({});
    CHECK(f.kernel->clock().monotonic_ns() == 4);
    CHECK(f.kernel->clock().realtime_ns() == 1725840000000000004u);
}

TEST_CASE("execve to a missing program changes nothing", "[kernel]") {
    // execve("/none", NULL, NULL); the string stands after the code
    KernelFixture f(with_exit({a64::adr(0, 5 * 4), a64::movz(1, 0), a64::movz(2, 0),
                               a64::movz(8, 221), a64::kSvc, 0x6e6f6e2f, 0x65}));
    f.run_loop->run({.max_insns = 5});
    CHECK(f.x(0) == static_cast<std::uint64_t>(-2));
    CHECK(f.pc() == KernelFixture::kEntry + 20);
}

TEST_CASE("what cannot be started is a user's error that names it", "[kernel]") {
    KernelFixture f;
    Kernel other(f.machine, *f.files);
    ProcessTable& processes = other.processes();
    const auto missing = processes.start({.arguments = {"nosuch"}, .environment = {"PATH=/bin"}});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().error.line().find("nosuch") != std::string::npos);
    CHECK(missing.error().number == Errno::NoEnt);
    const auto cwd =
        processes.start({.arguments = {"/bin/guest"}, .environment = {}, .cwd = "/nowhere"});
    REQUIRE_FALSE(cwd);
    CHECK(cwd.error().error.line().find("/nowhere") != std::string::npos);
    CHECK(cwd.error().number == std::nullopt);
    const auto made = processes.start({.arguments = {"guest"}, .environment = {"PATH=/sbin:/bin"}});
    REQUIRE(made);
    CHECK((*made)->exe == "/bin/guest");
    CHECK(processes.find((*made)->pid) == *made);
}
