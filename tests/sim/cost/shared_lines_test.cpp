// SPDX-License-Identifier: GPL-2.0-or-later
// Expected times are added up by hand from the figures below.
#include "sim/cost/shared_lines.h"

#include <catch2/catch.hpp>

#include "sim/cost/recorded_hits.h"

using namespace uprobesim;

namespace {

// Clusters of 2, L3 groups of 4, dies of 8, sockets of 16 CPUs; no jitter.
ContentionFigures figures() {
    ContentionFigures f;
    const auto set = [](auto& tiers, std::array<double, kTierCount> values) {
        for (std::size_t t = 0; t < kTierCount; ++t) tiers[t].value = values[t];
    };
    set(f.cpus, {0, 2, 4, 8, 16, 0});
    set(f.transfer, {0, 10, 20, 30, 40, 50});
    set(f.read, {0, 0, 3, 4, 5, 25});
    f.ordered_transfer.value = 500;
    f.handover_transfers.value = 3;
    f.handover_reads.value = 2;
    return f;
}

std::vector<unsigned> first_cpus(unsigned count) {
    std::vector<unsigned> places;
    for (unsigned i = 0; i < count; ++i) places.push_back(i);
    return places;
}

CentiCycles cycles(std::uint64_t n) {
    return CentiCycles(100 * n);
}

class Lines {
public:
    explicit Lines(unsigned cpus) : lines(figures(), first_cpus(cpus), 1) {}

    SharedLines::Done access(AccessKind kind, SharedLine line, unsigned cpu, std::uint64_t at,
                             std::uint64_t held = 0) {
        ProgramCursor& cursor = cursors[cpu];
        return lines.step(cpu, cycles(at), {lines.line(line, 0), kind, cycles(held)}, cursor, cpu,
                          false);
    }
    SharedLines lines;
    std::array<ProgramCursor, SharedLines::kMaxCpus> cursors{};
};

}  // namespace

TEST_CASE("a CPU that nobody shares a line with waits for nothing", "[sim][contention]") {
    Lines l(4);
    for (const AccessKind kind : {AccessKind::Read, AccessKind::Write, AccessKind::Lock,
                                  AccessKind::Find, AccessKind::Take, AccessKind::Clear}) {
        const auto done = l.access(kind, SharedLine::SlotBitmap, 3, 1000, 7);
        CHECK(done.waited == CentiCycles());
        CHECK(done.at == cycles(kind == AccessKind::Lock ? 1007 : 1000));
    }
}

TEST_CASE("a line comes from its last writer, and costs by how far that is", "[sim][contention]") {
    Lines l(32);
    const auto write = [&](unsigned cpu, std::uint64_t at) {
        return l.access(AccessKind::Write, SharedLine::MmapLock, cpu, at);
    };
    CHECK(write(0, 0).at == cycles(0));
    CHECK(write(1, 100).at == cycles(110));   // the same cluster
    CHECK(write(2, 200).at == cycles(220));   // the other cluster of the L3 group
    CHECK(write(7, 300).at == cycles(330));   // the other group of the die
    CHECK(write(8, 400).at == cycles(440));   // the other die
    CHECK(write(16, 500).at == cycles(550));  // the other socket
    CHECK(write(16, 600).at == cycles(600));  // it has it
    CHECK(tier_between(figures(), 5, 4) == Tier::Cluster);
    CHECK(tier_between(figures(), 15, 16) == Tier::Machine);
    const LineUse& use = l.lines.uses()[static_cast<std::size_t>(SharedLine::MmapLock)];
    CHECK(use.accesses == 7);
    CHECK(use.transferred() == 5);
    CHECK(use.waited == cycles(10 + 20 + 30 + 40 + 50));
}

TEST_CASE("CPUs get a line one after the other", "[sim][contention]") {
    Lines l(4);
    const auto write = [&](unsigned cpu, std::uint64_t at) {
        return l.access(AccessKind::Write, SharedLine::RegisterRwsem, cpu, at);
    };
    write(0, 0);
    CHECK(write(1, 100).at == cycles(110));
    const auto second = write(2, 105);  // busy until 110, then 20
    CHECK(second.at == cycles(130));
    CHECK(second.waited == cycles(25));
    CHECK(l.lines.uses()[static_cast<std::size_t>(SharedLine::RegisterRwsem)].queued == cycles(5));
}

TEST_CASE("copies are read for nothing until somebody writes; a read keeps the line busy",
          "[sim][contention]") {
    Lines l(32);
    const auto access = [&](AccessKind kind, unsigned cpu, std::uint64_t at) {
        return l.access(kind, SharedLine::UprobeRef, cpu, at).at;
    };
    access(AccessKind::Write, 0, 0);
    CHECK(access(AccessKind::Read, 16, 100) == cycles(150));
    CHECK(access(AccessKind::Read, 16, 200) == cycles(200));
    CHECK(access(AccessKind::Read, 17, 210) == cycles(260));
    CHECK(access(AccessKind::Write, 0, 211) == cycles(235));  // its own, but busy with the read
    CHECK(access(AccessKind::Read, 16, 300) == cycles(350));
}

TEST_CASE("lines of full barriers have a price of their own across sockets", "[sim][contention]") {
    Lines l(32);
    for (const SharedLine line : {SharedLine::XolArea, SharedLine::HitCounter}) {
        l.access(AccessKind::Write, line, 0, 0);
        const bool ordered = line == SharedLine::XolArea;
        CHECK(l.access(AccessKind::Write, line, 16, 100).at == cycles(ordered ? 600 : 150));
        CHECK(l.access(AccessKind::Write, line, 8, 1000).at == cycles(ordered ? 1500 : 1050));
        CHECK(l.access(AccessKind::Write, line, 0, 2000).at == cycles(2040));
    }
}

TEST_CASE("a lock goes over by a transfer if it is free, by more to a CPU that waits",
          "[sim][contention]") {
    Lines l(8);
    const auto lock = [&](unsigned cpu, std::uint64_t at) {
        return l.access(AccessKind::Lock, SharedLine::Siglock, cpu, at, 15);
    };
    CHECK(lock(0, 0).at == cycles(15));
    CHECK(lock(2, 100).at == cycles(135));
    const auto waits = lock(0, 110);  // 135, three transfers of 20 and two reads of 3, 15
    CHECK(waits.at == cycles(135 + 66 + 15));
    CHECK(waits.waited == cycles(135 - 110 + 66));
}

TEST_CASE("a slot that was found and went is looked for again", "[sim][contention]") {
    Lines l(2);
    const auto go = [&](AccessKind kind, unsigned cpu, std::uint64_t at) {
        return l.access(kind, SharedLine::SlotBitmap, cpu, at);
    };
    go(AccessKind::Find, 0, 0);
    go(AccessKind::Find, 1, 10);
    CHECK(l.cursors[0].want == 1);
    CHECK(l.cursors[1].want == 1);
    CHECK_FALSE(go(AccessKind::Take, 0, 20).lost);
    CHECK(go(AccessKind::Take, 1, 30).lost);
    CHECK(l.cursors[1].next == l.cursors[1].find);
    go(AccessKind::Find, 1, 60);
    CHECK(l.cursors[1].want == 2);
    CHECK_FALSE(go(AccessKind::Take, 1, 70).lost);
    go(AccessKind::Clear, 0, 100);
    go(AccessKind::Find, 0, 120);
    CHECK(l.cursors[0].want == 1);
    CHECK(l.lines.uses()[static_cast<std::size_t>(SharedLine::SlotBitmap)].retries == 1);
}

TEST_CASE("the lines of a memory that has ended are another's, as new", "[sim][contention]") {
    SharedLines lines(figures(), first_cpus(2), 1);
    const auto write = [&](unsigned cpu, LineIndex line) {
        ProgramCursor cursor;
        return lines.step(cpu, {}, {line, AccessKind::Write, {}}, cursor, cpu, false).waited;
    };
    const LineIndex first = lines.line(SharedLine::MmapLock, 1);
    const LineIndex uprobe = lines.line(SharedLine::UprobeRef, 1);
    write(0, first);
    write(1, first);
    REQUIRE(lines.is_shared(first));
    lines.forget(LineScope::Memory, 1);
    for (std::uint64_t memory = 2; memory < 1000; ++memory) {
        const LineIndex line = lines.line(SharedLine::MmapLock, memory);
        CHECK(line == first);
        CHECK_FALSE(lines.is_shared(line));
        CHECK(write(1, line).value == 0);
        lines.forget(LineScope::Memory, memory);
    }
    CHECK(lines.objects(SharedLine::MmapLock) == 999);
    CHECK(lines.line(SharedLine::UprobeRef, 1) == uprobe);
}

TEST_CASE("private work varies within the jitter, and is itself without any", "[sim][contention]") {
    ContentionFigures f = figures();
    SharedLines exact(f, {0, 1}, 1);
    CHECK(exact.varied(cycles(1000)) == cycles(1000));
    f.jitter.value = 0.1;
    SharedLines lines(f, {0, 1}, 1);
    std::uint64_t sum = 0;
    for (int i = 0; i < 10'000; ++i) {
        const CentiCycles work = lines.varied(cycles(1000));
        CHECK(work >= cycles(899));
        CHECK(work <= cycles(1101));
        sum += work.value;
    }
    CHECK(sum / 10'000 > 99'700);
    CHECK(sum / 10'000 < 100'300);
}

TEST_CASE("a hit that is repeated on one CPU takes what it takes alone", "[sim][contention]") {
    RecordedHit hit{{{cycles(30),
                      {{false, {}, {}, cycles(200)},
                       {true, SharedLine::MmapLock, AccessKind::Write, {}},
                       {true, SharedLine::Siglock, AccessKind::Lock, cycles(15)}}}}};
    CHECK(hit.alone() == cycles(245));
    const auto outcome = repeat(hit, figures(), {0}, {.spread = cycles(100)});
    CHECK(outcome.hits == 100);
    CHECK(outcome.time == cycles(24'500));
    CHECK(outcome.waited() == CentiCycles());
}

TEST_CASE("two CPUs on one line are as fast as the line", "[sim][contention]") {
    // Each line goes to the other CPU for every hit: 20 cycles, and nothing else to do.
    const RecordedHit hit{{{cycles(1), {{true, SharedLine::MmapLock, AccessKind::Write, {}}}}}};
    const auto outcome = repeat(hit, figures(), {0, 2}, {.spread = cycles(10)});
    CHECK(outcome.hits == 200);
    CHECK(in_cycles(outcome.time) / 200 > 19.9);
    CHECK(in_cycles(outcome.time) / 200 < 20.1);
}

TEST_CASE("the same start gives the same figures, another one others", "[sim][contention]") {
    ContentionFigures f = figures();
    f.jitter.value = 0.1;
    const RecordedHit hit{
        {{cycles(30),
          {{false, {}, {}, cycles(200)}, {true, SharedLine::MmapLock, AccessKind::Write, {}}}}}};
    const auto time = [&](std::uint64_t seed) {
        return repeat(hit, f, first_cpus(16), {.seed = seed, .spread = cycles(100)}).time;
    };
    CHECK(time(1) == time(1));
    CHECK(time(1) != time(2));
}
