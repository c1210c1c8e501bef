// SPDX-License-Identifier: GPL-2.0-or-later
// The progress line, with host times that the tests choose.
#include "tools/simulation/run_progress.h"

#include <catch2/catch.hpp>

namespace uprobesim {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the speed is that since the line before", "[tools][progress]") {
    RunProgress progress;
    progress.begin({}, 5 * kSecond);
    CHECK(progress.line({1'204'000'000, 50'000'000, 1, 2}, 6 * kSecond) ==
          "simulated 1.204 s, 50,000,000 EL0 insns, 50.0 MIPS, 1 hit, 2 tasks");
    CHECK(contains(progress.line({0, 80'000'000, 0, 1}, 8 * kSecond), " 15.0 MIPS"));
}

TEST_CASE("no speed is shown before there is time to measure it", "[tools][progress]") {
    RunProgress progress;
    progress.begin({}, 0);
    CHECK(progress.line({0, 5, 0, 1}, 0) == "simulated 0.0 ns, 5 EL0 insns, 0 hits, 1 task");
    CHECK_FALSE(contains(progress.line({0, 1'000'000, 0, 1}, 1'000'000), "MIPS"));
}

TEST_CASE("a line right after another shows the speed of the whole run", "[tools][progress]") {
    RunProgress progress;
    progress.begin({}, 0);
    progress.line({0, 100'000'000, 0, 1}, kSecond);
    CHECK(contains(progress.line({0, 100'000'000, 0, 1}, kSecond + 1000), " 100.0 MIPS"));
}

TEST_CASE("the counts of the run before are not part of the next one's speed",
          "[tools][progress]") {
    RunProgress progress;
    progress.begin({.number = 1, .count = 3}, 0);
    CHECK(contains(progress.line({0, 900'000'000, 0, 1}, 3 * kSecond), "run 1 of 3: "));
    progress.begin({.number = 2, .count = 3}, 4 * kSecond);
    const std::string line = progress.line({0, 20'000'000, 0, 1}, 5 * kSecond);
    CHECK(contains(line, "run 2 of 3: simulated "));
    CHECK(contains(line, " 20.0 MIPS"));
}

TEST_CASE("with a limit the line has the share done and the time left", "[tools][progress]") {
    RunProgress progress;
    progress.begin({.max_ns = 1'000'000'000}, 0);
    CHECK(contains(progress.line({250'000'000, 1, 0, 1}, 10 * kSecond), ", 25 % done, 30 s left"));
    progress.begin({.max_insns = 1000}, 0);
    CHECK(contains(progress.line({0, 10, 0, 1}, 2 * kSecond), ", 1 % done, 3 min 18 s left"));
    progress.begin({.max_insns = 100}, 0);
    CHECK(contains(progress.line({0, 1, 0, 1}, 100 * kSecond), ", 1 % done, 2 h 45 min left"));
    // The limit that is nearer counts, and the end is never more than reached.
    progress.begin({.max_insns = 100, .max_ns = 100}, 0);
    CHECK(contains(progress.line({50, 20, 0, 1}, 4 * kSecond), ", 50 % done, 4 s left"));
    CHECK(contains(progress.line({50, 120, 0, 1}, 4 * kSecond), ", 100 % done, 0 s left"));
}

TEST_CASE("without a known end there is neither share nor time left", "[tools][progress]") {
    RunProgress progress;
    progress.begin({}, 0);
    CHECK_FALSE(contains(progress.line({1, 1, 0, 1}, kSecond), "done"));
    CHECK_FALSE(contains(progress.line({2, 2, 0, 1}, 2 * kSecond), "left"));
}

TEST_CASE("a comparison's later runs are measured by the first one", "[tools][progress]") {
    RunProgress progress;
    progress.begin({.number = 2, .count = 3, .expected_insns = 400}, 0);
    CHECK(contains(progress.line({0, 100, 7, 1}, kSecond), ", 25 % done, 3 s left"));
}

}  // namespace uprobesim
