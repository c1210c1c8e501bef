// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/output_pattern.h"

#include <catch2/catch.hpp>
#include <string>

namespace uprobesim {
namespace {

std::optional<double> match(std::string_view pattern, std::string_view output) {
    return OutputPattern::compile(pattern)->first_number(output);
}

std::string refusal(std::string_view pattern) {
    const auto compiled = OutputPattern::compile(pattern);
    REQUIRE_FALSE(compiled.has_value());
    return compiled.error().line();
}

}  // namespace

TEST_CASE("the group of the first line that matches is the number", "[tools][scenario]") {
    CHECK(match("rate: ([0-9.]+)", "start\nrate: 12.5 a second\nrate: 7\n") == 12.5);
    CHECK(match("^([0-9]+)$", "a1\n22\n") == 22);
    CHECK(match("x(\\d+)", "no such line\n") == std::nullopt);
    CHECK(match("(\\d+)", "") == std::nullopt);
    // A pattern is within one line.
    CHECK(match("a\\s*(\\d)", "a\n1\n") == std::nullopt);
    // Output that is no UTF-8.
    CHECK(match("..(\\d)",
                "\xff\xfe"
                "5") == 5);
    CHECK(match("\xc3\xa9(\\d)",
                "\xc3\xa9"
                "7") == 7);
}

TEST_CASE("no pattern takes exponential time", "[tools][scenario]") {
    const std::string line(100'000, 'a');
    CHECK(match("((?:a|a)*)b", line) == std::nullopt);
    CHECK(match("(?:(?:a+)+)+(b)", line + "c") == std::nullopt);
}

TEST_CASE("a pattern that cannot be used is told why", "[tools][scenario]") {
    CHECK(refusal("a(b") ==
          "is not a regular expression: missing ): a(b (RE2's syntax: Perl's "
          "without back references and look-around)");
    CHECK(refusal("(?=x)(y)").find("invalid perl operator: (?=") != std::string::npos);
    CHECK(refusal("(a)\\1").find("invalid escape sequence: \\1") != std::string::npos);
    CHECK(refusal("((a{1000}){1000}){1000}").find("is not a regular expression") == 0);
    CHECK(refusal(std::string(1001, 'a')) == "is longer than 1000 characters");
    CHECK(refusal("abc") == "must have one group");
    CHECK(refusal("(a)(b)") == "must have one group");
}

}  // namespace uprobesim
