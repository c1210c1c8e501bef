// SPDX-License-Identifier: GPL-2.0-or-later
// Probed programs that fork. What must hold is what uprobe_dup_mmap and uprobe_copy_process
// (kernel/events/uprobes.c) give a child: its parent's breakpoints, and the calls that have not
// returned yet.
#include "tests/probes/hit/probed_run.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

constexpr unsigned kFork = 17, kVfork = 0x4111;  // SIGCHLD, with CLONE_VM and CLONE_VFORK
constexpr unsigned kFunction = 13, kAfter = 1;

// Calls a function that forks and returns in both; both then come by word 1. The child exits with
// 0, the parent waits for it and exits with 7.
std::vector<std::uint32_t> forking(unsigned flags) {
    return {bl(kFunction), cbz(0, 10),  // the child
            a64::movn(0, 0), a64::movz(1, 0), a64::movz(2, 0), a64::movz(3, 0), a64::movz(8, 260),
            a64::kSvc, a64::movz(0, 7), a64::movz(8, 94), a64::kSvc,
            // The child.
            a64::movz(8, 94), a64::kSvc,
            // The function.
            a64::movz(0, flags), a64::movz(1, 0), a64::movz(2, 0), a64::movz(3, 0), a64::movz(4, 0),
            a64::movz(8, 220), a64::kSvc, a64::kRet};
}

}  // namespace

TEST_CASE("a call that forks returns in both processes, and both returns are seen", "[clone]") {
    for (const unsigned flags : {kFork, kVfork}) {
        INFO(flags);
        ProbedRun r(forking(flags), Probed{{}, {kFunction}}, DecodeTable::V612);
        const ExitSummary end = r.run();
        CHECK(end.kind == ExitKind::Exited);
        CHECK(end.status == 7);
        CHECK(r.probe(0).hits == 1);
        CHECK(r.probe(0).returns == 2);
        CHECK(r.exceptions(ExceptionClass::Brk) == 3);
        // A child with memory of its own has a page of slots of its own too, at the same place.
        CHECK(r.times(KernelPath::UprobeAreaCreate) == (flags == kFork ? 2 : 1));
    }
}

TEST_CASE("a child has its parent's breakpoints", "[clone]") {
    for (const unsigned flags : {kFork, kVfork}) {
        INFO(flags);
        ProbedRun r(forking(flags), std::vector<unsigned>{kAfter, kFunction});
        CHECK(r.run().status == 7);
        // The function once, what comes after it twice.
        CHECK(r.probe(0).hits + r.probe(1).hits == 3);
    }
}
