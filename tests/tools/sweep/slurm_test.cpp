// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/slurm.h"

#include <catch2/catch.hpp>

using namespace uprobesim;

TEST_CASE("the states of tasks are counted, squeue's before sacct's", "[tools][sweep]") {
    // Of 22.05: squeue --array --format=%i|%T, sacct --parsable2 --allocations --array.
    const auto states =
        slurm_states({{"12", 5, 50}, {"13", 1, 1}}, "12_1|RUNNING\n12_2|PENDING\n12_3|PENDING\n",
                     "12_1|REQUEUED\n12_4|CANCELLED by 1000\n12|PENDING\n12_[6-9]|PENDING\n");
    REQUIRE(states.size() == 5);
    const auto is = [&](std::size_t i, const char* job, const char* state, std::uint64_t tasks,
                        std::uint64_t first) {
        INFO(i);
        CHECK(states[i].job == job);
        CHECK(states[i].state == state);
        CHECK(states[i].tasks == tasks);
        CHECK(states[i].first_task == first);
    };
    is(0, "12", "PENDING", 2, 2);
    is(1, "12", "RUNNING", 1, 1);
    is(2, "12", "CANCELLED", 1, 4);
    is(3, "12", "unknown", 1, 5);
    is(4, "13", "unknown", 1, 1);
}

TEST_CASE("an array has no more tasks than Slurm takes, and priced points share one",
          "[tools][sweep]") {
    CHECK(default_tasks(7, false, 1000) == 7);
    CHECK(default_tasks(1'000'000, false, 1000) == 1000);
    CHECK(default_tasks(1'000'000, false, 400) == 400);
    CHECK(default_tasks(20'000, true, 1000) == 2);
    CHECK(default_tasks(1, true, 1000) == 1);
}
