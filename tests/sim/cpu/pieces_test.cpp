// SPDX-License-Identifier: GPL-2.0-or-later
// A CPU that stops at places and watches of a debugger does and counts what one without them does:
// the same slices, budgets and exceptions. These programs rewrite their code all the time, which
// plain code in pieces is not exact about (place_stops.h).
#include <cstdlib>
#include <string>

#include "sim/cpu/unicorn/place_stops.h"
#include "tests/sim/cpu/cpu_fixture.h"
#include "tests/sim/cpu/twin_worlds.h"

using namespace uprobesim;

namespace {

constexpr std::uint64_t kSlices = 1500, kSeeds = 6;

// What a debugger does between slices, and how it goes on at its stops.
class Disturber final : public Disturbance {
public:
    Disturber(std::uint64_t seed, bool places, bool watches)
        : random_(seed), places_(places), watches_(watches) {}

    void before_slice(World& world) override {
        if (places_ && random_.next() % 2 == 0) move_place(world);
        if (watches_ && random_.next() % 4 == 0) move_watch(world);
    }
    Stop run(World& world, ContextId task, const AddressSpace& space, InsnCount budget) override {
        Cpu& cpu = *world.cpu;
        InsnCount so_far;
        for (;;) {
            Stop stop = cpu.run(task, space, so_far < budget ? budget - so_far : InsnCount(0));
            stop.retired += so_far;
            so_far = stop.retired;
            const bool paused = note_pause(cpu);
            if (!stopped_by<BudgetSpent>(stop)) return stop;
            if (!paused && so_far >= budget && !stopped_inside_block(cpu)) return stop;
        }
    }
    Stop step(World& world, ContextId task, const AddressSpace& space,
              std::uint32_t word) override {
        for (;;) {
            const Stop stop = world.cpu->step(task, space, word);
            if (!note_pause(*world.cpu)) return stop;
        }
    }
    std::uint64_t place_stops() const { return place_stops_; }
    std::uint64_t watch_stops() const { return watch_stops_; }

private:
    bool note_pause(const Cpu& cpu) {
        const bool at_place = stopped_before_place(cpu),
                   at_watch = stopped_at_watch(cpu).has_value();
        place_stops_ += at_place ? 1 : 0;
        watch_stops_ += at_watch ? 1 : 0;
        return at_place || at_watch;
    }
    void move_place(World& world) {
        const VAddr at =
            code_page(random_.next() % kCodePages) + random_.next() % (kPageSize / 4) * 4;
        const AddressSpace* const only =
            random_.next() % 2 == 0 ? nullptr : world.spaces[random_.next() % World::kSpaces].get();
        break_before(*world.cpu, at, only);
        chosen_.push_back(at);
        if (chosen_.size() < 40) return;
        break_no_more(*world.cpu, chosen_.front());
        chosen_.erase(chosen_.begin());
    }
    void move_watch(World& world) {
        std::vector<Watch> watches;
        for (std::uint64_t n = random_.next() % 3; n > 0; --n) {
            const VAddr page = random_.next() % 2 == 0 ? kGoodData : kDoubtfulData;
            const VAddr at = page + random_.next() % (kPageSize - 64);
            watches.push_back({.range = {at, at + (1 + random_.next() % 64)},
                               .reads = random_.next() % 2 == 0,
                               .writes = random_.next() % 2 == 0});
        }
        world.spaces[random_.next() % World::kSpaces]->watch(std::move(watches));
    }

    Entropy random_;
    bool places_, watches_;
    std::vector<VAddr> chosen_;
    std::uint64_t place_stops_ = 0, watch_stops_ = 0;
};

void compare(bool places, bool watches, EngineWay way) {
    const UnicornTrial trial{.way = way};
    std::uint64_t stops = 0;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        CAPTURE(seed, places, watches, static_cast<int>(way));
        Disturber disturber(seed + 100, places, watches);
        TwinWorlds twins(seed, trial, trial, &disturber);
        CHECK_FALSE(twins.play(kSlices));
        stops += places ? disturber.place_stops() : disturber.watch_stops();
    }
    CHECK(stops > 100);
}

}  // namespace

TEST_CASE("a run in pieces between places is counted as the run in one", "[cpu][places]") {
    for (const EngineWay way : {EngineWay::Plain, EngineWay::Edited}) compare(true, false, way);
}

TEST_CASE("watched memory changes nothing of what is counted", "[cpu][places]") {
    for (const EngineWay way : {EngineWay::Plain, EngineWay::Edited}) compare(false, true, way);
}

// Not of plain code, which counts some slices otherwise where both stop it in one block. Under
// AddressSanitizer, whose heap leaves no room near the engine's state, code is plain.
#ifndef __SANITIZE_ADDRESS__
TEST_CASE("places and watches together change nothing of what is counted", "[cpu][places]") {
    compare(true, true, EngineWay::Edited);
}
#endif

TEST_CASE("a run stops before an access to a watched word, and then does it", "[cpu][places]") {
    CpuFixture f;
    const PAddr data = f.map(CpuFixture::kData, CpuFixture::kReadWrite);
    f.put(f.code, 0,
          {a64::movz(1, 7), a64::str(1, 20, 0), a64::str(1, 20, 8), a64::ldr(2, 20) | 1u << 10,
           a64::svc(0)});
    f.x(20, CpuFixture::kData.value);
    const VAddr watched = CpuFixture::kData + 8;
    f.space.watch({{.range = {watched, watched + 8}, .reads = true, .writes = true}});
    Stop stop = f.run_from(CpuFixture::kCode);
    REQUIRE(stopped_at_watch(*f.cpu));
    CHECK(stopped_at_watch(*f.cpu)->address == watched);
    CHECK(stopped_at_watch(*f.cpu)->access == Access::Write);
    CHECK(stop.pc == CpuFixture::kCode + 8);
    CHECK(f.word64(data, 0) == 7);
    CHECK(f.word64(data, 8) == 0);
    stop = f.run();
    REQUIRE(stopped_at_watch(*f.cpu));
    CHECK(stopped_at_watch(*f.cpu)->access == Access::Read);
    CHECK(f.word64(data, 8) == 7);
    stop = f.run();
    CHECK(stopped_by<Svc>(stop));
    CHECK(f.x(2) == 7);
    CHECK(f.cpu->insns(f.task) == InsnCount(5));
    CHECK(f.cpu->cycles(f.task) == CentiCycles(500));
    f.space.watch({});
    CHECK(stopped_by<Svc>(f.run_from(CpuFixture::kCode)));
    CHECK_FALSE(stopped_at_watch(*f.cpu));
}

TEST_CASE("a chosen instruction inside a block makes no budget end there", "[cpu][places]") {
    CpuFixture f;
    f.put(f.code, 0, {a64::movz(1, 1), a64::movz(2, 2), a64::movz(3, 3), a64::svc(0)});
    break_before(*f.cpu, CpuFixture::kCode + 8);
    const Stop stop = f.run_from(CpuFixture::kCode, InsnCount(1));
    CHECK(stopped_before_place(*f.cpu));
    CHECK(stop.retired == InsnCount(2));
    CHECK(stopped_inside_block(*f.cpu));
    CHECK(stopped_by<Svc>(f.run(InsnCount(0))));
}
