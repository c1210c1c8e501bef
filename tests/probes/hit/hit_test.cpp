// SPDX-License-Identifier: GPL-2.0-or-later
// Hits from end to end: a program of a few words under the whole kernel.
#include "sim/profile/kernel_profile.h"
#include "tests/probes/hit/probed_run.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

// x0 counts 1000 times add; x5 the loop. Index 2 is the add, index 4 the cbnz.
const std::vector<std::uint32_t> kLoop =
    with_exit({a64::movz(0, 0), a64::movz(5, 1000), add1(0), subs1(5), cbnz(5, -2),
               a64::movz(1, 1000), 0xcb010000});

}  // namespace

TEST_CASE("a stepped hit is one BRK and one step, an emulated one is one BRK", "[hit]") {
    ProbedRun r(kLoop, {2, 4});
    const ExitSummary end = r.run();
    CHECK(end.kind == ExitKind::Exited);
    CHECK(end.status == 0);  // 1000 - 1000: the probed instructions did what they do
    CHECK(r.probe(0).hits == 1000);
    CHECK(r.probe(0).stepped == 1000);
    CHECK(r.probe(1).hits == 1000);
    CHECK(r.probe(1).emulated == 1000);
    CHECK(r.exceptions(ExceptionClass::Brk) == 2000);
    CHECK(r.exceptions(ExceptionClass::SoftwareStep) == 1000);
    // EL0 instructions: +1 for a stepped hit (the BRK), +0 for an emulated one.
    CHECK(r.kernel->counters().retired() == InsnCount(2 + 3000 + 2 + 2 + 1000));
    CHECK(r.times(KernelPath::UprobeSlotSync) == 1000);
    CHECK(r.times(KernelPath::UprobeAreaCreate) == 1);
    CHECK(r.times(KernelPath::UprobeEmulateBranch) == 1000);
}

TEST_CASE("the first stepped hit also takes one instruction abort, for the slot page", "[hit]") {
    ProbedRun with(kLoop, {2}), without(kLoop, {});
    with.run();
    without.run();
    // Placing the breakpoint maps the text page, so the program's own first fetch does not fault
    // any more.
    CHECK(without.exceptions(ExceptionClass::InsnAbort) == 1);
    CHECK(with.exceptions(ExceptionClass::InsnAbort) == 1);
    ProbedRun emulated_only(kLoop, {4});
    emulated_only.run();
    CHECK(emulated_only.exceptions(ExceptionClass::InsnAbort) == 0);
    CHECK(emulated_only.times(KernelPath::UprobeAreaCreate) == 0);
}

TEST_CASE("slots that are copied only if changed are synchronised once for one instruction",
          "[hit]") {
    ProbedRun one(kLoop, {2}, DecodeTable::V613, SlotCopyPolicy::IfChanged);
    one.run();
    CHECK(one.times(KernelPath::UprobeSlotCopy) == 1000);
    CHECK(one.times(KernelPath::UprobeSlotSync) == 1);
    // Two stepped instructions in turn rewrite slot 1 every time: no saving at all.
    ProbedRun two(kLoop, {2, 3}, DecodeTable::V613, SlotCopyPolicy::IfChanged);
    CHECK(two.run().status == 0);
    CHECK(two.times(KernelPath::UprobeSlotSync) == 2000);
}

TEST_CASE("two specs at one place are one uprobe with two consumers", "[hit]") {
    ProbedRun r(kLoop, {2, 2});
    r.run();
    REQUIRE(r.uprobes->uprobes().size() == 1);
    CHECK(r.probe(0).consumers == 2);
    CHECK(r.probe(0).hits == 1000);
    CHECK(r.machine.ledger.total()
              .paths[static_cast<std::size_t>(KernelPath::UprobeConsumers)]
              .units == 2000);
}

TEST_CASE("the XOL page shows in the memory map", "[hit]") {
    ProbedRun r(kLoop, {2});
    r.run();
    const std::string maps = r.kernel->processes().all().at(1000)->mm->maps_text();
    CHECK(maps.find(" --xp 00000000 00:00 0 ") != std::string::npos);
    CHECK(maps.find("[uprobes]\n") != std::string::npos);
}

TEST_CASE("a fault in the slot that is resolved restarts the step, not the hit", "[hit]") {
    // A push to a stack page that was never touched: index 1 stores, below what the kernel filled.
    const std::uint32_t sub_sp = 0xd1400bff;  // sub sp, sp, #2, lsl #12
    const std::uint32_t store = 0xf90003e0;   // str x0, [sp]
    ProbedRun r(with_exit({sub_sp, store, a64::movz(0, 0)}), {1});
    const ExitSummary end = r.run();
    CHECK(end.kind == ExitKind::Exited);
    CHECK(r.probe(0).hits == 1);
    CHECK(r.probe(0).stepped == 1);
    CHECK(r.exceptions(ExceptionClass::SoftwareStep) == 1);
    CHECK(r.exceptions(ExceptionClass::DataAbort) >= 1);
}

TEST_CASE("a fault in the slot that ends in a signal shows the probed address", "[hit]") {
    ProbedRun r({a64::movz(1, 0x1234, 16), a64::ldr(0, 1)}, {1});
    const ExitSummary end = r.run();
    CHECK(end.kind == ExitKind::Signalled);
    CHECK(end.status == 11);
    CHECK(end.detail == "SIGSEGV at pc 0x400104, address 0x12340000");
    CHECK(r.probe(0).hits == 1);
    CHECK(r.probe(0).stepped == 0);
    CHECK(r.times(KernelPath::UprobeStepAbort) == 1);
}

TEST_CASE("a program's own breakpoints stay its own", "[hit]") {
    for (const unsigned imm : {0u, 5u, 1000u}) {
        ProbedRun r({a64::kNop, a64::brk(imm)}, {0});
        const ExitSummary end = r.run();
        INFO("brk #" << imm);
        CHECK(end.kind == ExitKind::Signalled);
        CHECK(end.status == 5);
        CHECK(r.probe(0).hits == 1);
    }
    ProbedRun unprobed({a64::kNop, a64::brk(5)}, {});
    CHECK(unprobed.run().status == 5);
}

TEST_CASE("a push is stepped by 6.13 and emulated with the STP patch, with the same effect",
          "[hit]") {
    // stp x29, x30, [sp, #-16]!; ldp x0, x1, [sp], #16; x30 back as status
    const std::vector<std::uint32_t> words =
        with_exit({a64::movz(30, 42), 0xa9bf7bfd, 0xa8c107e0, a64::mov(0, 1)});
    for (const DecodeTable table : {DecodeTable::V613, DecodeTable::V613Stp}) {
        ProbedRun r(words, {1}, table);
        const ExitSummary end = r.run();
        CHECK(end.status == 42);
        CHECK(r.probe(0).hits == 1);
        CHECK(r.probe(0).emulated == (table == DecodeTable::V613 ? 0u : 1u));
    }
}

TEST_CASE("of a path with wildcards a refusal in one file is told, and the others are probed",
          "[attach]") {
    const std::uint32_t yield = 0xd503203f;
    ProbedRun r(with_exit({a64::movz(0, 0), yield}), {});
    r.tree.add_program("/bin/guest2", with_exit({a64::movz(0, 0), a64::kNop}));
    std::filesystem::create_symlink("guest2", r.tree.path() + "/bin/guest3");
    const auto added = r.uprobes->add(parse_probe_specs("uprobe:/bin/guest*:0x104")->front());
    REQUIRE(added);
    CHECK(added->attached == 1);
    REQUIRE(added->refused.size() == 1);
    CHECK(added->refused.front().offset == 0x104);
    CHECK(added->refused.front().reason.find("yield") != std::string::npos);
    CHECK(r.probe(0).binary == "/bin/guest2");
    CHECK(r.probe(0).consumers == 1);
    // Where nothing is left, the refusal is the error.
    const auto none = r.uprobes->add(parse_probe_specs("uprobe:/bin/*est:0x104")->front());
    REQUIRE_FALSE(none);
    CHECK(none.error().what.find("yield") != std::string::npos);
}

TEST_CASE("a refused probe, a place outside the text and a bad file are one line each",
          "[attach]") {
    ProbedRun r(with_exit({a64::movz(0, 0), 0xd503203f}), {});
    const auto line = [&](const std::string& spec) {
        auto specs = parse_probe_specs(spec);
        REQUIRE(specs);
        const auto added = r.uprobes->add(specs->front());
        REQUIRE_FALSE(added);
        CHECK(added.error().line().find('\n') == std::string::npos);
        return added.error().line();
    };
    // A hint that is refused.
    CHECK(line("uprobe:/bin/guest:0x104").find("yield") != std::string::npos);
    CHECK(line("uprobe:/bin/guest:0x102").find("multiple of 4") != std::string::npos);
    CHECK(line("uprobe:/bin/guest:0x100000").find("not in the program's text") !=
          std::string::npos);
    CHECK(line("uprobe:/bin/missing:main").find("/bin/missing") != std::string::npos);
    CHECK(line("uprobe:/bin/guest:main").find("no function 'main'") != std::string::npos);
}

TEST_CASE(
    "a handler of the stepped instruction's fault sees the probe, and the probe is hit again after "
    "it",
    "[hit]") {
    constexpr std::uint64_t kProbe = 0x400104, kHandler = 0x400100 + 5 * 4;
    // Offsets in arm64's rt_sigframe: siginfo 128, ucontext up to sigcontext 176.
    constexpr std::uint64_t kContext = 128 + 176;
    const auto with_handler = [](std::vector<std::uint32_t> handler) {
        std::vector<std::uint32_t> words{a64::movz(1, 0x1234, 16), a64::ldr(0, 1), a64::movz(0, 7),
                                         a64::movz(8, 94), a64::kSvc};
        words.insert(words.end(), handler.begin(), handler.end());
        return words;
    };
    const auto install = [&](ProbedRun& r) {
        r.kernel->processes().all().at(1000)->actions[11] = {
            .handler = kHandler, .flags = abi::kSaSigInfo, .restorer = 0, .mask = 0};
    };
    {
        ProbedRun r(with_handler({a64::b(0)}), {1});
        install(r);
        CHECK(r.run_loop->run({.max_insns = 50}).kind == ExitKind::LimitReached);
        Task& task = r.task();
        const std::uint64_t frame = r.machine.cpu->read(task.context, Reg::Sp);
        UserMemory memory(*task.process->mm, task.id);
        CHECK(memory.get<std::uint64_t>(VAddr(frame + 16)) == 0x12340000);          // si_addr
        CHECK(memory.get<std::uint64_t>(VAddr(frame + kContext)) == 0x12340000);    // fault_address
        CHECK(memory.get<std::uint64_t>(VAddr(frame + kContext + 264)) == kProbe);  // pc
        const std::uint64_t esr = frame + kContext + 288 + 528;
        CHECK(memory.get<std::uint32_t>(VAddr(esr)) == 0x45535201);  // ESR_MAGIC
        // A read, translation fault of level 2.
        CHECK(memory.get<std::uint64_t>(VAddr(esr + 8)) == 0x92000006);
        CHECK_FALSE(task.tif_singlestep);
        CHECK(r.probe(0).hits == 1);
    }
    // The handler mends x1 in the frame and returns.
    ProbedRun r(with_handler({0x910003e3 /* mov x3, sp */,
                              0xf9000000u | (kContext + 16) / 8 << 10 | 31u << 5 | 3u, a64::kRet}),
                {1});
    install(r);
    const ExitSummary end = r.run();
    CHECK(end.kind == ExitKind::Exited);
    CHECK(end.status == 7);
    CHECK(r.probe(0).hits == 2);
    CHECK(r.probe(0).stepped == 1);
    CHECK(r.exceptions(ExceptionClass::Brk) == 2);
    CHECK(r.exceptions(ExceptionClass::SoftwareStep) == 1);
    CHECK(r.times(KernelPath::UprobeStepAbort) == 1);
    CHECK(r.times(KernelPath::UprobeConsumers) == 2);
}

TEST_CASE("a signal that comes during the step waits for its end", "[hit]") {
    constexpr std::uint64_t kHandler = 0x400100 + 3 * 4;
    ProbedRun r({add1(0), a64::b(0), a64::kNop, a64::b(0)}, {0});
    r.kernel->processes().all().at(1000)->actions[10] = {
        .handler = kHandler, .flags = 0, .restorer = 0, .mask = 0};
    r.run_loop->run({.max_insns = 1});  // the BRK, and its exit work
    Task& task = r.task();
    REQUIRE(task.tif_singlestep);
    r.kernel->signals().send(task, {.signal = Signal::Usr1, .code = abi::kSiUser, .pid = 77});
    r.run_loop->run({.max_insns = 20});
    CHECK(r.machine.cpu->read(task.context, Reg::Pc) == kHandler);
    const std::uint64_t frame = r.machine.cpu->read(task.context, Reg::Sp);
    CHECK(
        UserMemory(*task.process->mm, task.id).get<std::uint64_t>(VAddr(frame + 128 + 176 + 264)) ==
        0x400104);
    CHECK(r.probe(0).hits == 1);
    CHECK(r.probe(0).stepped == 1);
    CHECK(r.times(KernelPath::UprobeStepAbort) == 0);
}

TEST_CASE("a fatal signal ends the step at the probed address", "[hit]") {
    ProbedRun r({add1(0), a64::b(0)}, {0});
    r.run_loop->run({.max_insns = 1});
    REQUIRE(r.task().tif_singlestep);
    r.kernel->signals().send(r.task(), {.signal = Signal::Kill, .code = abi::kSiUser, .pid = 77});
    const ExitSummary end = r.run();
    CHECK(end.kind == ExitKind::Signalled);
    CHECK(end.status == 9);
    CHECK(end.detail == "SIGKILL at pc 0x400100, sent by process 77");
    CHECK(r.probe(0).stepped == 0);
    CHECK(r.times(KernelPath::UprobeStepAbort) == 1);
}

TEST_CASE("an undefined instruction is stepped, and its SIGILL names the slot", "[hit]") {
    // As arm64 does: pc goes back to the probe, si_addr is not translated.
    ProbedRun r({0x00000000 /* udf #0 */}, {0});
    const ExitSummary end = r.run();
    CHECK(end.status == 4);
    const auto& vmas = r.kernel->processes().all().at(1000)->mm->vmas();
    const auto area = std::find_if(vmas.begin(), vmas.end(),
                                   [](const auto& v) { return v.second.name == "[uprobes]"; });
    REQUIRE(area != vmas.end());
    CHECK(end.detail ==
          fmt::format("SIGILL at pc 0x400100, address 0x{:x}", area->first.value + 4));
}
