// SPDX-License-Identifier: GPL-2.0-or-later
// The form of the lines: flamegraph.pl's "frames separated by semicolons, a blank, a number".
#include "tools/views/folded_stacks.h"

#include <catch2/catch.hpp>

namespace uprobesim {
namespace {

TEST_CASE("folded stacks are whole cycles that sum to the rounded sum", "[tools][views]") {
    // 1.50 + 2.70 + 0.40 = 4.60: 5 cycles. Rounded down they are 3, and the largest remainders are
    // those of b and a.
    CHECK(folded_text(
              {{"p;a", CentiCycles(150)}, {"p;b", CentiCycles(270)}, {"p;c", CentiCycles(40)}}) ==
          "p;a 2\np;b 3\n");
    CHECK(folded_text({}).empty());
    CHECK(folded_text({{"p", CentiCycles(49)}}).empty());
    CHECK(folded_text({{"p", CentiCycles(50)}}) == "p 1\n");
    // Of equal remainders the first.
    CHECK(folded_text({{"a", CentiCycles(150)}, {"b", CentiCycles(150)}}) == "a 2\nb 1\n");
}

TEST_CASE("a guest's name is one frame of one line, whatever is in it", "[tools][views]") {
    CHECK(frame_text("main") == "main");
    CHECK(frame_text("a;b") == "a:b");
    CHECK(frame_text("a\nb\x1b[0m") == "a\\x0ab\\x1b[0m");
    CHECK(frame_text("\xff") == "\\xff");
    CHECK(frame_text("") == "[no name]");
    CHECK(frame_text("ns::f<int>(int)") == "ns::f<int>(int)");
    const std::string cut = frame_text(std::string(4096, 'x'));
    CHECK(cut == std::string(200, 'x') + "...");
    // Not within a character: each of these takes two bytes.
    std::string umlauts = "x";
    for (int i = 0; i < 200; ++i) umlauts += "\xc3\xa4";
    CHECK(frame_text(umlauts) == umlauts.substr(0, 199) + "...");
}

}  // namespace
}  // namespace uprobesim
