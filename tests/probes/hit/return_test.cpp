// SPDX-License-Identifier: GPL-2.0-or-later
// Return probes from end to end.
#include "tests/probes/hit/probed_run.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

// Calls the function at index 7 ten times; it counts in x6, which is the exit status.
std::vector<std::uint32_t> ten_calls(std::initializer_list<std::uint32_t> function) {
    std::vector<std::uint32_t> words =
        with_exit({a64::movz(5, 10), bl(6), subs1(5), cbnz(5, -2), a64::mov(0, 6)});
    words.insert(words.end(), function);
    return words;
}
const std::vector<std::uint32_t> kCount = ten_calls({add1(6), a64::kRet});

}  // namespace

TEST_CASE("a return probe takes one exception more, for the way back", "[return]") {
    ProbedRun r(kCount, Probed{{}, {7}}, DecodeTable::V612);
    const ExitSummary end = r.run();
    CHECK(end.kind == ExitKind::Exited);
    CHECK(end.status == 10);
    CHECK(r.probe(0).hits == 10);
    CHECK(r.probe(0).returns == 10);
    CHECK(r.probe(0).missed == 0);
    CHECK(r.exceptions(ExceptionClass::Brk) == 20);
    CHECK(r.exceptions(ExceptionClass::SoftwareStep) == 10);
    // Without probes 1 + 10 * 5 + 3; each breakpoint counts, the trampoline's too.
    CHECK(r.kernel->counters().retired() == InsnCount(54 + 20));
    CHECK(r.times(KernelPath::UprobeLookup) == 10);  // the trampoline needs none
    CHECK(r.times(KernelPath::UretprobeHijack) == 10);
    CHECK(r.times(KernelPath::UretprobeReturn) == 10);
    CHECK(r.times(KernelPath::BrkReturn) == 20);
    CHECK(r.times(KernelPath::UprobeAreaCreate) == 1);
}

TEST_CASE("a probed return goes to the trampoline at once", "[return]") {
    ProbedRun r(ten_calls({a64::kRet}), Probed{{}, {7}}, DecodeTable::V612);
    CHECK(r.run().kind == ExitKind::Exited);
    CHECK(r.probe(0).returns == 10);
    CHECK(r.exceptions(ExceptionClass::Brk) == 20);
    CHECK(r.exceptions(ExceptionClass::SoftwareStep) == 0);
    // The trampoline page comes by a fault of its own.
    CHECK(r.exceptions(ExceptionClass::InsnAbort) == 1);
}

TEST_CASE("an entry and a return probe at one place are one uprobe with two consumers",
          "[return]") {
    ProbedRun r(kCount, Probed{{7}, {7}}, DecodeTable::V612);
    CHECK(r.run().status == 10);
    REQUIRE(r.uprobes->uprobes().size() == 1);
    CHECK(r.probe(0).consumers == 2);
    CHECK(r.probe(0).return_consumers == 1);
    CHECK(r.probe(0).hits == 10);
    CHECK(r.probe(0).returns == 10);
    CHECK(r.machine.ledger.total()
              .paths[static_cast<std::size_t>(KernelPath::UprobeConsumers)]
              .units == 20);
}

TEST_CASE("recursion deeper than the kernel follows goes on unobserved", "[return]") {
    // Index 5 calls itself until x5 is 0.
    const std::vector<std::uint32_t> words = {a64::movz(5, 100),
                                              bl(4),
                                              a64::movz(0, 7),
                                              a64::movz(8, 94),
                                              a64::kSvc,
                                              kPush,
                                              subs1(5),
                                              cbz(5, 2),
                                              bl(-3),
                                              kPop,
                                              a64::kRet};
    for (const DecodeTable table : {DecodeTable::V613, DecodeTable::V613Stp}) {
        ProbedRun r(words, Probed{{}, {5}}, table);
        const ExitSummary end = r.run();
        CHECK(end.kind == ExitKind::Exited);
        CHECK(end.status == 7);
        CHECK(r.probe(0).hits == 100);
        CHECK(r.probe(0).returns == 64);
        CHECK(r.probe(0).missed == 36);
        // The calls that are too deep cost their hit only.
        CHECK(r.times(KernelPath::UretprobeHijack) == 64);
    }
}

TEST_CASE("a tail call returns through one breakpoint", "[return]") {
    ProbedRun r(
        {bl(4), a64::movz(0, 3), a64::movz(8, 94), a64::kSvc, a64::b(1), a64::kNop, a64::kRet},
        Probed{{}, {4, 5}}, DecodeTable::V612);
    CHECK(r.run().status == 3);
    CHECK(r.probe(0).returns == 1);
    CHECK(r.probe(1).returns == 1);
    CHECK(r.exceptions(ExceptionClass::Brk) == 3);
}

TEST_CASE("a function that longjmp leaves has no return event; its caller has", "[return]") {
    const std::uint32_t save_sp = 0x910003e9, restore_sp = 0x9100013f;  // mov x9, sp; mov sp, x9
    // Index 4, the outer one, calls index 10, which jumps back to index 8 with the outer one's sp.
    ProbedRun r({bl(4), a64::movz(0, 9), a64::movz(8, 94), a64::kSvc, kPush, save_sp, bl(4),
                 a64::brk(0), kPop, a64::kRet, kPush, restore_sp, a64::b(-4)},
                Probed{{}, {4, 10}}, DecodeTable::V612);
    const ExitSummary end = r.run();
    CHECK(end.kind == ExitKind::Exited);
    CHECK(end.status == 9);
    CHECK(r.probe(0).returns == 1);
    CHECK(r.probe(1).hits == 1);
    CHECK(r.probe(1).returns == 0);
}

TEST_CASE("a return to the trampoline without a pending return instance is a SIGILL", "[return]") {
    // The leaf's x30 is still the trampoline after it returned.
    ProbedRun r({bl(2), a64::kRet, a64::kNop, a64::kRet}, Probed{{}, {2}}, DecodeTable::V612);
    const ExitSummary end = r.run();
    CHECK(end.kind == ExitKind::Signalled);
    CHECK(end.status == 4);
    CHECK(end.detail.find("handle uretprobe, sending SIGILL") != std::string::npos);
    CHECK(r.probe(0).returns == 1);
}
