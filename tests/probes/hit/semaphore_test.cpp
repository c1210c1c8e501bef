// SPDX-License-Identifier: GPL-2.0-or-later
// Counters of USDT probes that wait for their mapping. What must hold is delayed_uprobe_add and
// delayed_uprobe_install of kernel/events/uprobes.c.
#include "probes/hit/probe_state.h"
#include "tests/probes/hit/probed_run.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

// Its only mapping is not writable, so that each counter is delayed from the start.
struct Delayed {
    ProbedRun run;
    std::shared_ptr<FileBacking> file;

    explicit Delayed(std::uint64_t counter)
        : run(with_exit({a64::kNop, a64::movz(0, 0)}),
              Probed{{}, {}, {fmt::format("p:a/b /bin/guest:0x100({:#x})", counter)}},
              DecodeTable::V612) {
        file = mm().find(VAddr(ProbedRun::kEntry))->file;
    }
    Mm& mm() { return *run.process().mm; }
    std::size_t waiting() { return find_probes(run.process())->delayed.size(); }
    VAddr map(Prot prot) {
        const auto at = mm().map({.length = kPageSize, .prot = prot, .file = file});
        REQUIRE(at);
        return *at;
    }
    std::uint16_t read(VAddr at) {
        std::uint16_t value = 0;
        const auto page = mm().space().lookup(at);
        if (!page) return 0;  // not written: as the file has it
        std::memcpy(&value, mm().space().memory().bytes(page->frame).data() + at.page_offset(), 2);
        return value;
    }
};

}  // namespace

TEST_CASE("a delayed semaphore is increased once, however often its text is mapped", "[hit]") {
    constexpr std::uint64_t kCounter = 0x800;
    Delayed d(kCounter);
    CHECK(d.waiting() == 1);
    for (int i = 0; i < 5; ++i) {
        const VAddr text = d.map(kText);
        CHECK(d.waiting() == 1);
        REQUIRE(d.mm().unmap({text, text + kPageSize}));
    }
    CHECK(d.run.probe(0).placed == 6);
    CHECK(d.read(d.map(kReadWrite) + kCounter) == 1);
    CHECK(d.waiting() == 0);
    CHECK(d.read(d.map(kReadWrite) + kCounter) == 0);  // of another copy of the page
}

TEST_CASE("a delayed semaphore that cannot be written is given up", "[hit]") {
    Delayed d(kPageSize - 1);  // in two pages
    CHECK(d.waiting() == 1);
    d.map(kReadWrite);
    CHECK(d.waiting() == 0);
}
