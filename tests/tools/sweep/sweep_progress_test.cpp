// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/sweep_progress.h"

#include <catch2/catch.hpp>

namespace uprobesim {

TEST_CASE("a sweep with failures tells the reason of the first point, whichever failed first",
          "[tools][sweep]") {
    SweepCounts counts;
    counts.points = 16;
    counts.failed = 2;
    counts.note_failure(7, "the guest ended");
    counts.note_failure(4, "there is no function 'maloc'");
    counts.note_failure(9, "it took longer");
    CHECK(failure_summary(counts, "plan.toml") ==
          "point 5 failed: there is no function 'maloc'\n"
          "uprobesim sweep status plan.toml tells why points failed");
}

TEST_CASE("points that had failed before can be made again", "[tools][sweep]") {
    SweepCounts counts;
    counts.points = 16;
    counts.failed = 3;
    counts.found = 4;
    counts.found_failed = 2;
    counts.note_failure(0, "\x1b[2J");
    CHECK(failure_summary(counts, "p.toml") ==
          "point 1 failed: \\x1b[2J\n"
          "uprobesim sweep status p.toml tells why points failed; --retry-failed makes the 2 again "
          "that had failed before");
}

}  // namespace uprobesim
