// SPDX-License-Identifier: GPL-2.0-or-later
// Hits from end to end: a program of a few words under the whole kernel.
#include "probes/uprobes.h"
#include "probes/xol_area.h"
#include "tests/kernel_model/kernel_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

// The fixture's program lies at 0x400100, file offset 0x100.
struct ProbedRun {
    static constexpr std::uint64_t kText = 0x100;
    GuestTree tree;
    Machine machine;
    std::unique_ptr<FileSystem> files;
    std::unique_ptr<Kernel> kernel;
    std::unique_ptr<Uprobes> uprobes;

    static KernelProfile profile(const char* table, SlotCopyPolicy policy) {
        KernelProfile p;
        p.decode_table = table;
        p.stp = StpForm::PinAndMap;
        p.slot_copy = policy;
        return p;
    }

    ProbedRun(const std::vector<std::uint32_t>& words, const std::vector<unsigned>& probed, const char* table = "6.12",
              SlotCopyPolicy policy = SlotCopyPolicy::Always)
        : machine(profile_at(1e9), profile(table, policy), std::uint64_t{64} << 20, 1, std::make_unique<FlatCore>()) {
        tree.add_program("/bin/guest", words);
        auto made = FileSystem::create(machine, {.root = tree.path(), .binds = {}, .scratch = {}});
        REQUIRE(made);
        files = std::move(*made);
        kernel = std::make_unique<Kernel>(machine, *files);
        uprobes = std::make_unique<Uprobes>(*kernel);
        for (const unsigned index : probed) {
            auto specs = parse_probe_specs("uprobe:/bin/guest:" + std::to_string(kText + 4 * index));
            REQUIRE(specs);
            const auto added = uprobes->add(specs->front());
            if (!added) FAIL(added.error().line());
        }
        const Outcome started = kernel->start({.arguments = {"/bin/guest"}, .environment = {}});
        if (!started) FAIL(started.error().line());
    }
    ExitSummary run() { return kernel->run({.max_insns = 1000000}); }
    std::uint64_t exceptions(ExceptionClass ec) {
        return machine.ledger.total().exceptions[static_cast<std::size_t>(ec)];
    }
    std::uint64_t times(KernelPath path) { return machine.ledger.total().paths[static_cast<std::size_t>(path)].times; }
    const Uprobe& probe(std::size_t i) { return *uprobes->uprobes().at(i); }
};

constexpr std::uint32_t add1(unsigned d) {
    return 0x91000400u | d << 5 | d;
}
constexpr std::uint32_t subs1(unsigned d) {
    return 0xf1000400u | d << 5 | d;
}
constexpr std::uint32_t cbnz(unsigned t, int words) {
    return 0xb5000000u | (static_cast<std::uint32_t>(words) & 0x7ffff) << 5 | t;
}

// x0 counts 1000 times add; x5 the loop. Index 2 is the add, index 4 the cbnz.
const std::vector<std::uint32_t> kLoop =
    with_exit({a64::movz(0, 0), a64::movz(5, 1000), add1(0), subs1(5), cbnz(5, -2), a64::movz(1, 1000), 0xcb010000});

}  // namespace

TEST_CASE("a stepped hit is one BRK and one step, a simulated one is one BRK", "[hit]") {
    ProbedRun r(kLoop, {2, 4});
    const ExitSummary end = r.run();
    CHECK(end.kind == ExitKind::Exited);
    CHECK(end.status == 0);  // 1000 - 1000: the probed instructions did what they do
    CHECK(r.probe(0).hits == 1000);
    CHECK(r.probe(0).stepped == 1000);
    CHECK(r.probe(1).hits == 1000);
    CHECK(r.probe(1).simulated == 1000);
    CHECK(r.exceptions(ExceptionClass::Brk) == 2000);
    CHECK(r.exceptions(ExceptionClass::SoftwareStep) == 1000);
    // EL0 instructions: +1 for a stepped hit (the BRK), +0 for a simulated one.
    CHECK(r.kernel->retired() == InsnCount(2 + 3000 + 2 + 2 + 1000));
    CHECK(r.times(KernelPath::UprobeSlotSync) == 1000);
    CHECK(r.times(KernelPath::UprobeAreaCreate) == 1);
    CHECK(r.times(KernelPath::UprobeSimulateBranch) == 1000);
}

TEST_CASE("the first stepped hit also takes one instruction abort, for the slot page", "[hit]") {
    ProbedRun with(kLoop, {2}), without(kLoop, {});
    with.run();
    without.run();
    // Placing the breakpoint maps the text page, so the program's own first fetch does not fault any more.
    CHECK(without.exceptions(ExceptionClass::InsnAbort) == 1);
    CHECK(with.exceptions(ExceptionClass::InsnAbort) == 1);
    ProbedRun simulated_only(kLoop, {4});
    simulated_only.run();
    CHECK(simulated_only.exceptions(ExceptionClass::InsnAbort) == 0);
    CHECK(simulated_only.times(KernelPath::UprobeAreaCreate) == 0);
}

TEST_CASE("slots that are copied only if changed are synchronised once for one instruction", "[hit]") {
    ProbedRun one(kLoop, {2}, "6.13", SlotCopyPolicy::IfChanged);
    one.run();
    CHECK(one.times(KernelPath::UprobeSlotCopy) == 1000);
    CHECK(one.times(KernelPath::UprobeSlotSync) == 1);
    // Two stepped instructions in turn rewrite slot 1 every time: no saving at all.
    ProbedRun two(kLoop, {2, 3}, "6.13", SlotCopyPolicy::IfChanged);
    CHECK(two.run().status == 0);
    CHECK(two.times(KernelPath::UprobeSlotSync) == 2000);
}

TEST_CASE("two specs at one place are one uprobe with two consumers", "[hit]") {
    ProbedRun r(kLoop, {2, 2});
    r.run();
    REQUIRE(r.uprobes->uprobes().size() == 1);
    CHECK(r.probe(0).consumers == 2);
    CHECK(r.probe(0).hits == 1000);
    CHECK(r.machine.ledger.total().paths[static_cast<std::size_t>(KernelPath::UprobeConsumers)].units == 2000);
}

TEST_CASE("the XOL page shows in the memory map", "[hit]") {
    ProbedRun r(kLoop, {2});
    r.run();
    const std::string maps = r.kernel->processes().at(1000)->mm->maps_text();
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

TEST_CASE("a push is stepped by 6.13 and simulated with the STP patch, with the same effect", "[hit]") {
    // stp x29, x30, [sp, #-16]!; ldp x0, x1, [sp], #16; x30 back as status
    const std::vector<std::uint32_t> words = with_exit({a64::movz(30, 42), 0xa9bf7bfd, 0xa8c107e0, a64::mov(0, 1)});
    for (const char* table : {"6.13", "6.13+stp"}) {
        ProbedRun r(words, {1}, table);
        const ExitSummary end = r.run();
        CHECK(end.status == 42);
        CHECK(r.probe(0).hits == 1);
        CHECK(r.probe(0).simulated == (std::string(table) == "6.13" ? 0u : 1u));
    }
}

TEST_CASE("a refused probe, a place outside the text and a bad file are one line each", "[attach]") {
    ProbedRun r(with_exit({a64::movz(0, 0), 0xd503203f}), {});
    const auto line = [&](const std::string& spec) {
        auto specs = parse_probe_specs(spec);
        REQUIRE(specs);
        const auto added = r.uprobes->add(specs->front());
        REQUIRE_FALSE(added);
        CHECK(added.error().line().find('\n') == std::string::npos);
        return added.error().line();
    };
    CHECK(line("uprobe:/bin/guest:0x104").find("yield") != std::string::npos);  // a hint that is refused
    CHECK(line("uprobe:/bin/guest:0x102").find("multiple of 4") != std::string::npos);
    CHECK(line("uprobe:/bin/guest:0x100000").find("not in the program's text") != std::string::npos);
    CHECK(line("uprobe:/bin/missing:main").find("/bin/missing") != std::string::npos);
    CHECK(line("uprobe:/bin/guest:main").find("no function 'main'") != std::string::npos);
    CHECK(line("uretprobe:/bin/guest:0x100").find("return probes") != std::string::npos);
}

TEST_CASE("the lowest free slot is taken, and slot 0 is the trampoline", "[xol]") {
    const auto machine = make_machine();
    Mm mm(*machine);
    auto area = XolArea::create(mm);
    REQUIRE(area);
    CHECK(area->claim() == 1u);
    CHECK(area->claim() == 2u);
    CHECK(area->claim() == 3u);
    area->release(2);
    CHECK(area->claim() == 2u);
    CHECK(area->address(1) == area->trampoline() + 4);
    CHECK(area->fill(1, 0xd503201f));
    CHECK_FALSE(area->fill(1, 0xd503201f));
    CHECK(area->fill(1, 0xa9bf7bfd));
    for (std::size_t n = 4; n < XolArea::kSlots; ++n) REQUIRE(area->claim() == n);
    CHECK_FALSE(area->claim().has_value());
    const auto word = UserMemory(mm, TaskId{1000}).get<std::uint32_t>(area->trampoline());
    CHECK(word == kUprobeBrk);
}
