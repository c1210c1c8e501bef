// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/fork/forked_runs.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <string>

namespace uprobesim {
namespace {

const auto kNothing = [] {};

}  // namespace

TEST_CASE("a forked run's result comes back whole, whenever it is asked for", "[fork]") {
    ForkedRuns runs(2);
    // More than a pipe holds, with all bytes.
    std::string all;
    for (int i = 0; i < 300'000; ++i) all += static_cast<char>(i);
    for (const std::size_t number : {1u, 2u, 3u}) {
        if (runs.fork(number)) {
            runs.begin();
            runs.deliver(std::to_string(runs.number()) + all);
        }
    }
    CHECK(runs.left() == 3);
    runs.end_turn();
    for (const std::size_t number : {3u, 1u, 2u}) {
        const auto ended = runs.collect(number, kNothing);
        CHECK(ended.failure.empty());
        CHECK(ended.bytes == std::to_string(number) + all);
        CHECK_FALSE(runs.has(number));
    }
}

TEST_CASE("what a forked run changes is its own, and what it began with the other's", "[fork]") {
    ForkedRuns runs(1);
    std::string text = "before";
    if (runs.fork(1)) {
        runs.begin();
        text += " and of the child";
        runs.deliver(text);
    }
    text = "after";
    runs.end_turn();
    CHECK(runs.collect(1, kNothing).bytes == "before and of the child");
    CHECK(text == "after");
}

TEST_CASE("with one job forked runs wait until this process's run is over", "[fork]") {
    ForkedRuns runs(1);
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    const auto note = [&](char what) { return write(pipe_ends[1], &what, 1) == 1; };
    for (const std::size_t number : {1u, 2u}) {
        if (runs.fork(number)) {
            runs.begin();
            const bool noted = note('c');
            runs.deliver(noted ? "yes" : "no");
        }
    }
    usleep(50'000);
    REQUIRE(note('p'));
    runs.end_turn();
    CHECK(runs.collect(1, kNothing).bytes == "yes");
    CHECK(runs.collect(2, kNothing).bytes == "yes");
    char order[3] = {};
    REQUIRE(read(pipe_ends[0], order, 3) == 3);
    CHECK(std::string(order, 3) == "pcc");
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

TEST_CASE("runs that are forked after this process's run have all turns", "[fork]") {
    ForkedRuns runs(1);
    runs.end_turn();
    for (const std::size_t number : {1u, 2u}) {
        if (runs.fork(number)) {
            runs.begin();
            runs.deliver("done");
        }
    }
    CHECK(runs.collect(1, kNothing).bytes == "done");
    CHECK(runs.collect(2, kNothing).bytes == "done");
}

TEST_CASE("a forked run that fails, ends or is killed is one line, and others go on", "[fork]") {
    ForkedRuns runs(4);
    for (const std::size_t number : {1u, 2u, 3u, 4u}) {
        if (!runs.fork(number)) continue;
        runs.begin();
        if (number == 1) runs.fail("the disk is full");
        if (number == 2) _exit(5);
        if (number == 3) kill(getpid(), SIGKILL);
        runs.deliver("well");
    }
    runs.end_turn();
    const auto failed = runs.collect(1, kNothing);
    CHECK(failed.failure == "the disk is full");
    CHECK(failed.told);
    const auto ended = runs.collect(2, kNothing);
    CHECK(ended.failure == "ended with status 5 and without a result");
    CHECK_FALSE(ended.told);
    CHECK(runs.collect(3, kNothing).failure == "killed by signal 9 (Killed)");
    CHECK(runs.collect(4, kNothing).bytes == "well");
}

TEST_CASE("the turn of a run that was killed goes to the next one", "[fork]") {
    ForkedRuns runs(1);
    for (const std::size_t number : {1u, 2u}) {
        if (!runs.fork(number)) continue;
        runs.begin();
        if (number == 1) kill(getpid(), SIGKILL);
        runs.deliver("well");
    }
    runs.end_turn();
    CHECK(runs.collect(2, kNothing).bytes == "well");
}

}  // namespace uprobesim
