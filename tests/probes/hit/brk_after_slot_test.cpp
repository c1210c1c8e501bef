// SPDX-License-Identifier: GPL-2.0-or-later
// Steps that end by a BRK after the instruction in the slot (hypothetical): they must keep the
// guarantees of the hardware step.
#include "sim/profile/kernel_profile.h"
#include "tests/probes/hit/probed_run.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

KernelProfile brk_after_slot(SlotOwner slots = SlotOwner::Hit) {
    KernelProfile p = ProbedRun::profile(DecodeTable::V613, SlotCopyPolicy::Always);
    p.step = StepEnd::BrkAfterSlot;
    p.slots = slots;
    return p;
}
ProbedRun make(const std::vector<std::uint32_t>& words, const Probed& probed) {
    return {words, probed, profile_at(1e9), brk_after_slot()};
}

// Counts the ways back to EL0.
struct Returns final : TrapObserver {
    int returns = 0;
    void trapped(const Task&, const Stop&, const ExceptionRegisters&) override {}
    void charged(TaskId, ExceptionClass, CentiCycles, Account) override {}
    void charged(TaskId, KernelPath, std::uint64_t, CentiCycles, Account) override {}
    void exit_work(const Task&) override {}
    bool returning(const Task&) override { return ++returns != 0; }
};

// Offsets in arm64's rt_sigframe: siginfo 128, ucontext up to sigcontext 176; in that pc is at 264.
constexpr std::uint64_t kContext = 128 + 176, kContextPc = kContext + 264;
constexpr std::uint64_t kEntry = ProbedRun::kEntry;

void install(ProbedRun& r, Signal signal, std::uint64_t handler) {
    r.process().actions[static_cast<std::size_t>(signal)] = {
        .handler = handler, .flags = abi::kSaSigInfo, .restorer = 0, .mask = 0};
}
std::uint64_t frame_word(ProbedRun& r, std::uint64_t offset) {
    const std::uint64_t sp = r.machine.cpu->read(r.task().context, Reg::Sp);
    return UserMemory(*r.process().mm, r.task().id).get<std::uint64_t>(VAddr(sp + offset)).value();
}

}  // namespace

TEST_CASE("a hit with a BRK after the slot leaves the kernel twice, once for each exception",
          "[hit][brk-after-slot]") {
    Returns with, without;
    for (Returns* returns : {&with, &without}) {
        const bool probed = returns == &with;
        ProbedRun r = make(with_exit({a64::kNop, add1(1), a64::mov(0, 1)}),
                           {probed ? std::vector<unsigned>{1} : std::vector<unsigned>{}, {}});
        r.kernel->observe(returns);
        CHECK(r.run().status == 1);
        CHECK(r.exceptions(ExceptionClass::SoftwareStep) == 0);
        CHECK(r.exceptions(ExceptionClass::Brk) == (probed ? 2u : 0u));
        // The breakpoint, the slot's instruction and its BRK for the instruction itself.
        CHECK(r.kernel->counters().retired() == InsnCount(5 + (probed ? 2 : 0)));
        r.kernel->observe(nullptr);
    }
    // Each breakpoint and the slot page's first fetch; the text page's own first fetch came with
    // the breakpoint.
    CHECK(with.returns == without.returns + 2);
}

TEST_CASE("a fault in an 8-byte slot that ends in a signal shows the probed address",
          "[hit][brk-after-slot]") {
    const std::vector<std::uint32_t> words{
        a64::movz(1, 0x1234, 16), a64::ldr(0, 1), a64::movz(0, 7),
        a64::movz(8, 94),         a64::kSvc,      a64::b(0)};
    ProbedRun dies = make(words, {{1}, {}});
    const ExitSummary end = dies.run();
    CHECK(end.kind == ExitKind::Signalled);
    CHECK(end.status == 11);
    CHECK(end.detail == "SIGSEGV at pc 0x400104, address 0x12340000");
    CHECK(dies.probe(0).hits == 1);
    CHECK(dies.probe(0).stepped == 0);
    CHECK(dies.times(KernelPath::UprobeStepAbort) == 1);

    ProbedRun handles = make(words, {{1}, {}});
    install(handles, Signal::Segv, kEntry + 5ul * 4);
    CHECK(handles.run(50).kind == ExitKind::LimitReached);
    CHECK(frame_word(handles, 16) == 0x12340000);        // si_addr
    CHECK(frame_word(handles, kContext) == 0x12340000);  // fault_address
    CHECK(frame_word(handles, kContextPc) == kEntry + 4);
    CHECK_FALSE(handles.task().runs_slot);
}

TEST_CASE("after a handler mended the fault of an 8-byte slot, the probe is hit again",
          "[hit][brk-after-slot]") {
    const std::uint32_t mov_x3_sp = 0x910003e3,
                        store_x1 = 0xf9000000u | (kContext + 16) / 8 << 10 | 31u << 5 | 3u;
    ProbedRun r = make({a64::movz(1, 0x1234, 16), a64::ldr(0, 1), a64::movz(0, 7), a64::movz(8, 94),
                        a64::kSvc, mov_x3_sp, store_x1, a64::kRet},
                       {{1}, {}});
    install(r, Signal::Segv, kEntry + 5ul * 4);
    const ExitSummary end = r.run();
    CHECK(end.kind == ExitKind::Exited);
    CHECK(end.status == 7);
    CHECK(r.probe(0).hits == 2);
    CHECK(r.probe(0).stepped == 1);
    CHECK(r.exceptions(ExceptionClass::Brk) == 3);  // two at the probe, one after the slot
    CHECK(r.times(KernelPath::UprobeStepAbort) == 1);
}

TEST_CASE("a fault in an 8-byte slot that is resolved restarts the instruction, not the hit",
          "[hit][brk-after-slot]") {
    // Sub sp, sp, #2, lsl #12: below what the kernel filled.
    const std::uint32_t sub_sp = 0xd1400bff;
    const std::uint32_t load = 0xf94003e0;  // ldr x0, [sp]
    ProbedRun r = make(with_exit({sub_sp, a64::movz(0, 5), kPush, load}), {{2}, {}});
    const ExitSummary end = r.run();
    CHECK(end.kind == ExitKind::Exited);
    CHECK(end.status == 0);  // x29, which was pushed once
    CHECK(r.probe(0).hits == 1);
    CHECK(r.probe(0).stepped == 1);
    CHECK(r.exceptions(ExceptionClass::Brk) == 2);
    CHECK(r.exceptions(ExceptionClass::DataAbort) == 1);
    CHECK(r.times(KernelPath::UprobeStepAbort) == 0);
}

TEST_CASE(
    "a signal that comes while an 8-byte slot runs waits for its end, unless it ends the process",
    "[hit][brk-after-slot][signal]") {
    const std::vector<std::uint32_t> words{add1(0), a64::b(0), a64::kNop, a64::b(0)};
    ProbedRun waits = make(words, {{0}, {}});
    install(waits, Signal::Usr1, kEntry + 3ul * 4);
    waits.run(1);  // the BRK, and its exit work
    REQUIRE(waits.task().runs_slot);
    waits.kernel->signals().send(waits.task(),
                                 {.signal = Signal::Usr1, .code = abi::kSiUser, .pid = 77});
    waits.run(20);
    CHECK(waits.machine.cpu->read(waits.task().context, Reg::Pc) == kEntry + 3ul * 4);
    CHECK(frame_word(waits, kContextPc) == kEntry + 4);
    CHECK(frame_word(waits, kContext + 8) == 1);  // x0: the instruction was executed
    CHECK(waits.probe(0).stepped == 1);
    CHECK(waits.times(KernelPath::UprobeStepAbort) == 0);

    ProbedRun dies = make(words, {{0}, {}});
    dies.run(1);
    dies.kernel->signals().send(dies.task(),
                                {.signal = Signal::Kill, .code = abi::kSiUser, .pid = 77});
    const ExitSummary end = dies.run();
    CHECK(end.detail == "SIGKILL at pc 0x400100, sent by process 77");
    CHECK(dies.probe(0).stepped == 0);
    CHECK(dies.times(KernelPath::UprobeStepAbort) == 1);
}

TEST_CASE(
    "an 8-byte slot holds instructions that the kernel emulates, and those that are undefined",
    "[hit][brk-after-slot]") {
    ProbedRun emulated = make(with_exit({a64::mrs(0, 3, 0, 0, 0, 0) /* midr_el1 */}), {{0}, {}});
    CHECK(emulated.run().status == 0x83);  // Cortex-A72 r0p3
    CHECK(emulated.probe(0).stepped == 1);
    CHECK(emulated.exceptions(ExceptionClass::Undefined) == 1);
    CHECK(emulated.exceptions(ExceptionClass::Brk) == 2);

    ProbedRun undefined = make({0x00000000 /* udf #0 */}, {{0}, {}});
    const ExitSummary end = undefined.run();
    CHECK(end.status == 4);
    CHECK(end.detail ==
          fmt::format("SIGILL at pc 0x400100, address 0x{:x}", undefined.xol_base() + 8));
}

TEST_CASE("entry and return probes of one function work with a BRK after the slot",
          "[return][brk-after-slot]") {
    std::vector<std::uint32_t> words =
        with_exit({a64::movz(5, 10), bl(6), subs1(5), cbnz(5, -2), a64::mov(0, 6)});
    words.insert(words.end(), {kPush, add1(6), kPop, a64::kRet});
    for (const SlotOwner slots : {SlotOwner::Hit, SlotOwner::Uprobe, SlotOwner::Prefilled}) {
        ProbedRun r(words, Probed{{7}, {7}}, profile_at(1e9), brk_after_slot(slots));
        CHECK(r.run().status == 10);
        CHECK(r.probe(0).hits == 10);
        CHECK(r.probe(0).stepped == 10);
        CHECK(r.probe(0).returns == 10);
        CHECK(r.exceptions(ExceptionClass::Brk) == 30);
        CHECK(r.exceptions(ExceptionClass::SoftwareStep) == 0);
    }
}
