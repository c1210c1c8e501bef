// SPDX-License-Identifier: GPL-2.0-or-later
// Breakpoints that cannot be placed, and files that are written while they are probed. What must
// hold is prepare_uprobe, install_breakpoint, uprobe_mmap (which tells nobody) and
// register_for_each_vma (whose caller fails) of kernel/events/uprobes.c (6.1 to 6.12).
#include "kernel_model/abi/fcntl.h"
#include "probes/hit/probe_state.h"
#include "tests/probes/hit/probed_run.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

constexpr std::uint64_t kPages = 2;
constexpr std::uint64_t kFirst = 0x200, kSecond = kPageSize + 0x200;
constexpr std::uint32_t kBrk = 0xd4200000;

// A program beside a file of two pages of NOPs, one probe in each.
struct Probing {
    ProbedRun run;
    std::shared_ptr<File> file;

    explicit Probing(bool late = false)
        : run(with_exit({a64::movz(0, 0)}), Probed{}, DecodeTable::V612) {
        run.tree.add_program("/bin/probed", std::vector<std::uint32_t>(kPages * 1024, a64::kNop));
        if (late) run.uprobes->wait_for_attach();
        run.add(fmt::format("uprobe:/bin/probed:{:#x}", kFirst));
        run.add(fmt::format("uprobe:/bin/probed:{:#x}", kSecond));
        const auto opened = run.files->open(Caller{}, "/bin/probed", abi::kORdwr, 0);
        REQUIRE(opened);
        file = opened->file;
        REQUIRE(file->truncate(kPages * kPageSize));
    }
    Mm& mm() { return *run.process().mm; }
    VAddr map() {
        const auto at =
            mm().map({.length = kPages * kPageSize, .prot = kText, .file = file->backing()});
        REQUIRE(at);
        return *at;
    }
    void write(std::uint64_t offset, std::uint32_t word) {
        REQUIRE(file->write(offset, std::as_bytes(std::span(&word, 1))));
    }
    std::uint64_t missed(std::size_t probe, PlaceMiss why) {
        return run.probe(probe).not_placed[static_cast<std::size_t>(why)];
    }
};

}  // namespace

TEST_CASE("a binary by its name alone is looked up in the guest", "[hit][spec]") {
    ProbedRun run(with_exit({a64::movz(0, 0)}), Probed{{}, {}, {"uprobe:guest:0x100"}},
                  DecodeTable::V612);
    CHECK(run.probe(0).binary == "/bin/guest");
    CHECK(run.run().kind == ExitKind::Exited);
    CHECK(run.probe(0).hits == 1);
    const auto specs = parse_probe_specs("uprobe:nosuch:main");
    REQUIRE(specs);
    const auto added = run.uprobes->add(specs->front());
    REQUIRE_FALSE(added);
    CHECK(added.error().line().find("--bind $PWD/nosuch:/nosuch") != std::string::npos);
}

TEST_CASE("a page that a file has no more gets no breakpoint, at each mapping anew",
          "[hit][placing]") {
    Probing p;
    REQUIRE(p.file->truncate(kPageSize));
    const VAddr at = p.map();
    CHECK(has_breakpoint(p.mm(), at + kFirst));
    CHECK(p.run.probe(0).placed == 1);
    CHECK(p.run.probe(1).placed == 0);
    CHECK(p.missed(1, PlaceMiss::Unreadable) == 1);
    p.map();
    CHECK(p.missed(1, PlaceMiss::Unreadable) == 2);
    CHECK(p.missed(0, PlaceMiss::Unreadable) == 0);
    // It is there again.
    REQUIRE(p.file->truncate(kPages * kPageSize));
    p.write(kSecond, a64::kNop);
    CHECK(has_breakpoint(p.mm(), p.map() + kSecond));
    CHECK(p.run.probe(1).placed == 1);
}

TEST_CASE("the instruction is what the file has when the first breakpoint is placed",
          "[hit][placing]") {
    Probing p;
    p.write(kFirst, kPush);
    CHECK(p.run.probe(0).word == a64::kNop);
    p.map();
    CHECK(p.run.probe(0).word == kPush);
    CHECK(p.run.probe(0).verdict.kind == VerdictKind::Step);
    CHECK(p.run.probe(0).instruction.find("stp") == 0);
    // UPROBE_COPY_INSN: what is written later is not read any more.
    p.write(kFirst, add1(6));
    p.map();
    CHECK(p.run.probe(0).word == kPush);
    CHECK(p.run.probe(0).placed == 2);
}

TEST_CASE("an instruction that is refused by then gets no breakpoint", "[hit][placing]") {
    Probing p;
    p.write(kFirst, kBrk);
    const VAddr at = p.map();
    CHECK_FALSE(has_breakpoint(p.mm(), at + kFirst));
    CHECK(p.missed(0, PlaceMiss::Refused) == 1);
    CHECK(p.run.probe(0).word == a64::kNop);
    CHECK(p.run.probe(1).placed == 1);
}

TEST_CASE("without memory for the copy of a page there is no breakpoint", "[hit][placing]") {
    Probing p;
    const VAddr at = p.map();
    REQUIRE(p.mm().unmap({at, at + kPages * kPageSize}));
    while (p.run.machine.memory.allocate()) {
    }
    const auto again =
        p.mm().map({.length = kPages * kPageSize, .prot = kText, .file = p.file->backing()});
    REQUIRE(again);
    CHECK(p.missed(0, PlaceMiss::NoMemory) == 1);
    CHECK(p.missed(1, PlaceMiss::NoMemory) == 1);
}

TEST_CASE("an event that cannot be placed in a process that runs is not registered",
          "[registering][placing]") {
    Probing p(true);
    REQUIRE(p.file->truncate(kPageSize));
    const VAddr at = p.map();
    const RegistrationWork came = p.run.uprobes->attach();
    CHECK(came.breakpoints == 1);
    REQUIRE(came.failed.size() == 1);
    CHECK(came.failed.front().uprobe == p.run.probe(1).id);
    CHECK(came.failed.front().why == PlaceMiss::Unreadable);
    CHECK(has_breakpoint(p.mm(), at + kFirst));
    // It is gone, for mappings that come later, too; and there is one event to close.
    REQUIRE(p.file->truncate(kPages * kPageSize));
    p.write(kSecond, a64::kNop);
    const VAddr later = p.map();
    CHECK(has_breakpoint(p.mm(), later + kFirst));
    CHECK_FALSE(has_breakpoint(p.mm(), later + kSecond));
    const RegistrationWork went = p.run.uprobes->detach();
    CHECK(went.events == 1);
    CHECK(went.breakpoints == 2);
}
