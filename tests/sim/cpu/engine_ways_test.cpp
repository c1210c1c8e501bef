// SPDX-License-Identifier: GPL-2.0-or-later
// The engine used plainly is the judge of the engine whose code is edited: they may differ in speed
// only. And where edits cannot be relied on, nothing is edited.
#include <cstdlib>
#include <string>

#include "sim/cpu/unicorn/jit/engine_build.h"
#include "sim/cpu/unicorn/unicorn_cpu_impl.h"
#include "tests/sim/cpu/cpu_fixture.h"
#include "tests/sim/cpu/twin_worlds.h"

using namespace uprobesim;

namespace {

constexpr UnicornTrial kPlain{.way = EngineWay::Plain};
constexpr UnicornTrial kEdited{.way = EngineWay::Edited};

// More of them at night: tools/dev/nightly.
std::uint64_t slices() {
    const char* const wanted = std::getenv("UPROBESIM_TEST_SLICES");
    return wanted != nullptr ? std::stoull(wanted) : 20000;
}

// Why nothing is edited; empty: code is.
std::string refusal(const UnicornTrial& trial) {
    PhysicalMemory memory(16u << 20);
    const PairModel model;
    const UnicornCpu cpu(memory, model, {}, trial);
    for (const FastPath& path : cpu.fast_paths()) {
        if (path.name == "edited code") return path.used ? "" : path.without;
    }
    return "there is no such path";
}

bool this_build_is_known() {
    return linked_build() != nullptr;
}

// AddressSanitizer's heap takes the addresses near the engine's state, which edited code needs: it
// is plain where none are left.
bool has_near_memory() {
#ifdef __SANITIZE_ADDRESS__
    return !refusal(kEdited).ends_with("there is no room within 2 GiB of the engine's CPU state");
#else
    return true;
#endif
}

}  // namespace

TEST_CASE("edited and plain code do, count and stop the same, slice by slice", "[cpu][engine]") {
    constexpr std::uint64_t kSlicesOfSeed = 2500;
    const Stop kinds[] = {{BudgetSpent{}, {}, {}}, {Svc{}, {}, {}},       {Brk{}, {}, {}},
                          {StepDone{}, {}, {}},    {Undefined{}, {}, {}}, {Abort{}, {}, {}}};
    std::map<std::size_t, std::uint64_t> stops;
    const std::uint64_t seeds = (slices() + kSlicesOfSeed - 1) / kSlicesOfSeed;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        TwinWorlds twins(seed, kPlain, kEdited);
        CHECK_FALSE(twins.play(kSlicesOfSeed));
        // They were programs that run on.
        CHECK(twins.retired() > 100 * kSlicesOfSeed);
        for (const Stop& kind : kinds) stops[kind.why.index()] += twins.stops(kind.why.index());
    }
    for (const Stop& kind : kinds) CHECK(stops[kind.why.index()] > 0);
}

TEST_CASE("edited code counts as plain code does when blocks that were dropped are used again",
          "[cpu][engine]") {
    UnicornTrial few = kEdited;
    few.most_blocks = 1000;
    CHECK_FALSE(TwinWorlds(101, kPlain, few).play(2500));
}

TEST_CASE("both ways do, count and stop the same when all code is dropped time and again",
          "[cpu][engine]") {
    const auto small = [](UnicornTrial trial) {
        trial.most_code = 64u << 10;
        return trial;
    };
    for (const std::uint64_t seed : {201U, 202U, 203U, 204U}) {
        CAPTURE(seed);
        CHECK_FALSE(TwinWorlds(seed, kPlain, small(kEdited)).play(2500));
        CHECK_FALSE(TwinWorlds(seed, small(kPlain), kEdited).play(2500));
    }
}

TEST_CASE("an access that must be aligned is checked after all code was dropped",
          "[cpu][engine][alignment]") {
    constexpr std::uint32_t kLdar = 0xc8dffc41;  // ldar x1, [x2]
    constexpr VAddr kCode(0x400000), kMany(0x500000);
    for (UnicornTrial trial : {kPlain, kEdited}) {
        trial.most_code = 64u << 10;
        World world(trial);
        const auto put = [&](VAddr page, std::size_t at, const std::vector<std::uint32_t>& words) {
            const auto frame = world.memory.allocate();
            REQUIRE(frame);
            std::memcpy(world.memory.bytes(*frame).data() + at, words.data(), words.size() * 4);
            REQUIRE(world.spaces[0]->map(page, *frame, {true, false, true}));
        };
        const auto run = [&](VAddr at, std::uint64_t data) {
            world.cpu->write(world.tasks[0], Reg::Pc, at.value);
            world.cpu->write(world.tasks[0], xreg(2), data);
            return world.cpu->run(world.tasks[0], *world.spaces[0], InsnCount(100000));
        };
        // The access ends the block: at each KiB the engine begins another.
        put(kCode, 0x3f8, {a64::kNop, kLdar, a64::svc(1)});
        // More blocks than there is room for.
        std::vector<std::uint32_t> branches(1000, a64::b(4));
        branches.push_back(a64::svc(2));
        put(kMany, 0, branches);
        for (int round = 0; round < 4; ++round) {
            const Stop good = run(kCode + 0x3f8, kMany.value);
            CHECK(std::holds_alternative<Svc>(good.why));
            CHECK(good.retired == InsnCount(3));
            CHECK(run(kMany, 0).retired == InsnCount(1001));
            const Stop bad = run(kCode + 0x3f8, kMany.value + 1);
            REQUIRE(std::holds_alternative<Abort>(bad.why));
            CHECK(std::get<Abort>(bad.why).unaligned);
            CHECK(bad.retired == InsnCount(1));
            CHECK(run(kMany, 0).retired == InsnCount(1001));
        }
    }
}

TEST_CASE("when all blocks are in use the engine drops them, and counts go on",
          "[.][engine-full]") {
    // Not part of the usual run: dropping all takes the engine a second.
    constexpr std::size_t kMost = 64, kBranches = 70;
    UnicornTrial few = kEdited;
    few.most_blocks = kMost;
    World world(few);
    const VAddr code(0x400000);
    const auto frame = world.memory.allocate();
    REQUIRE(frame);
    std::vector<std::uint32_t> words(kBranches, a64::b(4));
    words.push_back(a64::svc(7));
    std::memcpy(world.memory.bytes(*frame).data(), words.data(), words.size() * 4);
    REQUIRE(world.spaces[0]->map(code, *frame, {true, false, true}));
    world.cpu->write(world.tasks[0], Reg::Pc, code.value);
    const Stop stop = world.cpu->run(world.tasks[0], *world.spaces[0], InsnCount(1000));
    CHECK(std::holds_alternative<Svc>(stop.why));
    CHECK(stop.retired == InsnCount(kBranches + 1));
    const UserWork work = world.cpu->work(world.tasks[0]);
    std::uint64_t sum = 0;
    for (const std::uint64_t n : work.by_class) sum += n;
    CHECK(sum == kBranches + 1);
}

TEST_CASE("where changes of code are not noticed, edited code does other things than plain code",
          "[cpu][engine]") {
    if (!this_build_is_known() || !has_near_memory()) return;
    UnicornTrial never = kEdited;
    never.never_forget = true;
    never.skip_self_test = true;
    bool noticed = false;
    for (std::uint64_t seed = 1; seed <= 8 && !noticed; ++seed)
        noticed = TwinWorlds(seed, kPlain, never).play(2500).has_value();
    CHECK(noticed);
}

TEST_CASE("an observer is told the cycles of each block, without what an exception left out",
          "[cpu][engine]") {
    struct Told final : BlockObserver {
        std::map<std::uint64_t, std::int64_t> cycles;  // by address
        void executed(ContextId, VAddr block, std::int64_t more) override {
            cycles[block.value] += more;
        }
    };
    constexpr VAddr kCode(0x5555550000);
    for (const UnicornTrial& trial : {kPlain, kEdited}) {
        PhysicalMemory memory(256u << 20);
        const FixedModel model;  // a cycle for each instruction
        UnicornCpu cpu(memory, model, {}, trial);
        AddressSpace space(memory, cpu);
        const auto frame = memory.allocate();
        REQUIRE(frame);
        const std::uint32_t words[] = {a64::movz(1, 3),         // once
                                       a64::subs_imm(1, 1, 1),  // with it, and twice more alone
                                       a64::cbnz(1, -4),       a64::ldr(2, 4),  // aborts
                                       a64::movz(1, 1),        a64::svc(0)};
        std::memcpy(memory.bytes(*frame).data(), words, sizeof words);
        REQUIRE(space.map(kCode, *frame, {true, false, true}));
        const ContextId task = cpu.create_context();
        Told told;
        observe_blocks(cpu, &told);
        cpu.write(task, Reg::Pc, kCode.value);
        CHECK(stopped_by<Abort>(cpu.run(task, space, InsnCount(~std::uint64_t{0}))));
        CHECK(cpu.work(task).cycles == CentiCycles(700));
        const std::uint64_t code = kCode.value;
        CHECK(told.cycles ==
              std::map<std::uint64_t, std::int64_t>{{code, 300}, {code + 4, 400}, {code + 12, 0}});
        // What was told is not told again.
        (void)cpu.work(task);
        CHECK(told.cycles[code] == 300);
        observe_blocks(cpu, nullptr);
    }
}

TEST_CASE("code is edited on a build that is known, and not where plainness is asked for",
          "[cpu][engine]") {
    if (!has_near_memory()) return;
    INFO(refusal(kEdited));
    CHECK(refusal(kEdited).empty() == this_build_is_known());
    CHECK_FALSE(refusal(kPlain).empty());
}

TEST_CASE("code is not edited when the self-test fails or the engine is not as its build has it",
          "[cpu][engine]") {
    const EngineBuild* const known = linked_build();
    if (known == nullptr || !has_near_memory()) return;
    UnicornTrial trial = kEdited;
    SECTION("the self-test sees wrong results") {
        trial.never_forget = true;
        CHECK_FALSE(refusal(trial).empty());
    }
    SECTION("something lies elsewhere") {
        EngineBuild other = *known;
        trial.build = &other;
        CHECK(refusal(trial).empty());
        SECTION("the CPU") {
            other.layout.uc_cpu += 8;
        }
        SECTION("its state") {
            other.layout.cpu_env += 8;
        }
        SECTION("the code generator") {
            other.layout.uc_tcg += 8;
        }
        SECTION("the engine's address in it") {
            other.layout.tcg_uc -= 8;
        }
        SECTION("its count of registers") {
            other.layout.tcg_nb_globals = 0;
        }
        SECTION("its temporaries") {
            other.layout.tcg_temps += 8;
        }
        SECTION("the state's address") {
            other.layout.tcg_env += 8;
        }
        SECTION("the pc") {
            other.layout.env_pc += 8;
        }
        CHECK_FALSE(refusal(trial).empty());
    }
}

TEST_CASE("a build with another identifier is not known", "[cpu][engine]") {
    CHECK(find_build("") == nullptr);
    CHECK(find_build("0000000000000000000000000000000000000000") == nullptr);
}

TEST_CASE("what UPROBESIM_ENGINE says is the way in which the engine is used", "[cpu][engine]") {
    const char* const set = std::getenv("UPROBESIM_ENGINE");
    const std::string before = set != nullptr ? set : "";
    setenv("UPROBESIM_ENGINE", "plain", 1);
    CHECK(wanted_engine_way() == EngineWay::Plain);
    unsetenv("UPROBESIM_ENGINE");
    CHECK(wanted_engine_way() == EngineWay::Edited);
    if (set != nullptr) setenv("UPROBESIM_ENGINE", before.c_str(), 1);
}
