// SPDX-License-Identifier: GPL-2.0-or-later
// Probes that come to a process that runs, and go again. What must hold is uprobe_register,
// uprobe_unregister and uprobe_write_opcode of kernel/events/uprobes.c (6.1 to 6.12).
#include "kernel_model/abi/mman.h"
#include "probes/hit/probe_state.h"
#include "probes/slots/breakpoint.h"
#include "tests/probes/hit/probed_run.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

// Calls the function at index 7 ten times; it counts in x6, which is the exit status.
std::vector<std::uint32_t> ten_calls() {
    auto words = with_exit({a64::movz(5, 10), bl(6), subs1(5), cbnz(5, -2), a64::mov(0, 6)});
    words.insert(words.end(), {add1(6), a64::kRet});
    return words;
}
constexpr std::uint64_t kBeforeCalls = 1, kEachCall = 5;

struct Late {
    ProbedRun run;

    explicit Late(const Probed& probed, const std::vector<std::uint32_t>& words = ten_calls())
        : run(words, Probed{}, DecodeTable::V612) {
        run.uprobes->wait_for_attach();
        for (const unsigned index : probed.at) run.add("uprobe", index);
        for (const unsigned index : probed.returns) run.add("uretprobe", index);
        for (const std::string& spec : probed.specs) run.add(spec);
    }
    // Until the given number of calls is over.
    void calls(std::uint64_t n) {
        const std::uint64_t done = run.kernel->counters().retired().value;
        run.run(done + n * kEachCall + (done == 0 ? kBeforeCalls : 0));
    }
    Mm& mm() { return *run.process().mm; }
    std::uint32_t word(unsigned index) {
        std::uint32_t value = 0;
        const VAddr at(ProbedRun::kEntry + 4 * index);
        const auto page = mm().space().lookup(at);
        if (!page) return 0;
        std::memcpy(&value, mm().space().memory().bytes(page->frame).data() + at.page_offset(), 4);
        return value;
    }
};

std::uint64_t times(const RegistrationWork& work, KernelPath path) {
    const auto found = work.paths.find(path);
    return found == work.paths.end() ? 0 : found->second.times;
}

}  // namespace

TEST_CASE("probes that wait to be attached take nothing and are nowhere", "[registering]") {
    Late late(Probed{{7}, {}});
    CHECK(late.run.run().status == 10);
    CHECK(late.run.probe(0).hits == 0);
    CHECK(late.run.exceptions(ExceptionClass::Brk) == 0);
    for (const KernelPath path : {KernelPath::UprobeMapCheck, KernelPath::UprobeMapData,
                                  KernelPath::UprobeUnmapCheck, KernelPath::UprobePlace})
        CHECK(late.run.times(path) == 0);
}

TEST_CASE("a probe is hit from attaching to detaching", "[registering]") {
    Late late(Probed{{7}, {}});
    late.calls(3);
    const RegistrationWork came = late.run.uprobes->attach();
    CHECK(late.word(7) == kUprobeBrk);
    CHECK(came.events == 1);
    CHECK(came.processes == 1);
    CHECK(came.mappings == 1);
    CHECK(came.pages == 1);
    CHECK(came.breakpoints == 1);
    CHECK(came.read_in == 0);  // the program runs in that page
    // 4 calls with a BRK more each.
    late.run.run(late.run.kernel->counters().retired().value + 4 * (kEachCall + 1));
    const RegistrationWork went = late.run.uprobes->detach();
    CHECK(went.breakpoints == 1);
    CHECK(late.run.run().status == 10);
    CHECK(late.run.probe(0).hits == 4);
    CHECK(late.run.exceptions(ExceptionClass::Brk) == 4);
}

TEST_CASE("attaching is charged to no guest", "[registering]") {
    Late late(Probed{{7}, {}});
    late.calls(3);
    const CentiCycles before = late.run.machine.ledger.kernel_cycles();
    static_cast<void>(late.run.uprobes->attach());
    static_cast<void>(late.run.uprobes->detach());
    CHECK(late.run.machine.ledger.kernel_cycles() == before);
    CHECK(late.run.times(KernelPath::AttachPlace) == 0);
}

TEST_CASE("the first breakpoint of a page and the last take paths of their own", "[registering]") {
    Late late(Probed{{2, 5, 7}, {}});
    late.calls(1);
    const RegistrationWork came = late.run.uprobes->attach();
    CHECK(times(came, KernelPath::AttachFirst) == 1);
    CHECK(times(came, KernelPath::AttachEvent) == 3);
    CHECK(times(came, KernelPath::AttachPlace) == 1);
    CHECK(times(came, KernelPath::AttachPlaceMore) == 2);
    const std::uint64_t pages = late.mm().resident_pages();
    const RegistrationWork went = late.run.uprobes->detach();
    CHECK(times(went, KernelPath::DetachEvent) == 3);
    CHECK(times(went, KernelPath::DetachPlace) == 2);
    CHECK(times(went, KernelPath::DetachPlaceLast) == 1);
    // The copy is what the file has, and goes: the file's page comes by the next fault.
    CHECK(late.mm().resident_pages() == pages - 1);
    late.calls(2);
    CHECK(late.word(7) == add1(6));
    CHECK(late.run.run().status == 10);
}

TEST_CASE("two events of a place are one breakpoint", "[registering]") {
    Late late(Probed{{7}, {7}});
    late.calls(1);
    const RegistrationWork came = late.run.uprobes->attach();
    CHECK(came.events == 2);
    CHECK(came.breakpoints == 1);
    CHECK(times(came, KernelPath::UprobePlaceAgain) == 1);
    const RegistrationWork went = late.run.uprobes->detach();
    CHECK(went.events == 2);
    CHECK(went.breakpoints == 1);
}

TEST_CASE("each private mapping that is not writable gets its breakpoint", "[registering]") {
    Late late(Probed{{7}, {}});
    late.calls(1);
    const auto file = late.mm().find(VAddr(ProbedRun::kEntry))->file;
    const auto map = [&](Prot prot, bool shared) {
        const auto at =
            late.mm().map({.length = kPageSize, .prot = prot, .shared = shared, .file = file});
        REQUIRE(at);
        return *at;
    };
    const VAddr second = map(kText, false);
    map(kReadWrite, false);
    map(kText, true);
    const RegistrationWork came = late.run.uprobes->attach();
    CHECK(came.mappings == 2);
    CHECK(came.breakpoints == 2);
    CHECK(came.read_in == 1);  // nobody has used the second mapping
    CHECK(has_breakpoint(late.mm(), second + ProbedRun::kText + 4 * 7));
    // A mapping that is made later gets it as ever.
    const VAddr third = map(kText, false);
    CHECK(has_breakpoint(late.mm(), third + ProbedRun::kText + 4 * 7));
    CHECK(late.run.times(KernelPath::UprobePlace) == 1);
    CHECK(late.run.uprobes->detach().breakpoints == 3);
    const VAddr fourth = map(kText, false);
    CHECK_FALSE(has_breakpoint(late.mm(), fourth + ProbedRun::kText + 4 * 7));
    CHECK(late.run.times(KernelPath::UprobePlace) == 1);
}

TEST_CASE("a call that is under way when its return probe goes returns through the trampoline",
          "[registering]") {
    Late late(Probed{{}, {7}});
    static_cast<void>(late.run.uprobes->attach());
    // mov, bl, the breakpoint and the instruction in the slot: inside the function.
    late.run.run(4);
    REQUIRE(late.run.probe(0).hits == 1);
    static_cast<void>(late.run.uprobes->detach());
    CHECK(late.run.xol_base() != 0);  // the page stays
    CHECK(late.run.run().status == 10);
    CHECK(late.run.probe(0).hits == 1);
    CHECK(late.run.probe(0).returns == 0);  // no handler runs
    CHECK(late.run.probe(0).late_returns == 1);
    CHECK(late.run.times(KernelPath::UretprobeReturn) == 1);
}

TEST_CASE("a step that has begun when its probe goes is finished", "[registering]") {
    Late late(Probed{{7}, {}});
    static_cast<void>(late.run.uprobes->attach());
    late.run.run(3);  // mov, bl, the breakpoint: the step is armed
    REQUIRE(find_state(late.run.task())->active != nullptr);
    static_cast<void>(late.run.uprobes->detach());
    CHECK(late.run.run().status == 10);
    CHECK(late.run.probe(0).stepped == 1);
}

TEST_CASE("a semaphore is increased at attaching and decreased at detaching", "[registering]") {
    constexpr std::uint64_t kCounter = 0x800;
    Late late(Probed{{}, {}, {fmt::format("p:a/b /bin/guest:0x100({:#x})", kCounter)}},
              with_exit({a64::kNop, a64::movz(0, 0)}));
    const auto file = late.mm().find(VAddr(ProbedRun::kEntry))->file;
    const auto data = late.mm().map({.length = kPageSize, .prot = kReadWrite, .file = file});
    REQUIRE(data);
    const auto counter = [&] {
        const auto page = late.mm().space().lookup(*data + kCounter);
        REQUIRE(page);
        return late.mm().space().memory().bytes(page->frame)[kCounter];
    };
    const RegistrationWork came = late.run.uprobes->attach();
    CHECK(counter() == std::byte{1});
    CHECK(times(came, KernelPath::FaultFileCow) == 1);
    static_cast<void>(late.run.uprobes->detach());
    CHECK(counter() == std::byte{0});
}

TEST_CASE("a page that the program has changed stays its own when the last probe goes",
          "[registering]") {
    Late late(Probed{{7}, {}});
    late.calls(1);
    REQUIRE(late.mm().poke_text(VAddr(ProbedRun::kEntry + 0x200), 0x1234, TaskId{}));
    const std::uint64_t pages = late.mm().resident_pages();
    static_cast<void>(late.run.uprobes->attach());
    const RegistrationWork went = late.run.uprobes->detach();
    CHECK(times(went, KernelPath::DetachPlace) == 1);
    CHECK(times(went, KernelPath::DetachPlaceLast) == 0);
    CHECK(late.mm().resident_pages() == pages);
    CHECK(late.word(7) == add1(6));
}
