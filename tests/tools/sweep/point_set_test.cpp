// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/plan/point_set.h"

#include <catch2/catch.hpp>

using namespace uprobesim;
using Catch::Matchers::Contains;

namespace {

PointSet parsed(const std::string& text, std::uint64_t points = 100) {
    const auto set = parse_point_set(text, points, "points.txt");
    if (!set) FAIL(set.error().line());
    return *set;
}

std::string refusal(const std::string& text) {
    const auto set = parse_point_set(text, 100, "points.txt");
    REQUIRE_FALSE(set.has_value());
    return set.error().line();
}

}  // namespace

TEST_CASE("a list of points is read as it was written", "[tools][sweep]") {
    PointSet set;
    for (const std::uint64_t point : {0u, 1u, 2u, 7u, 9u, 10u}) add_point(set, point);
    CHECK(point_set_text(set) == "1-3\n8\n10-11\n");
    CHECK(point_set_text(parsed("1-3\n8\n\n10-11")) == "1-3\n8\n10-11\n");
    CHECK(point_set_text(parsed("1-3\n4-5\n")) == "1-5\n");
    CHECK(count_of(set) == 6);
}

TEST_CASE("a wrong list of points is one line with its place", "[tools][sweep]") {
    CHECK_THAT(refusal("1\n0\n"), Contains("points.txt:2"));
    CHECK_THAT(refusal("5-4"), Contains("points.txt:1"));
    CHECK_THAT(refusal("7 "), Contains("for example: 17 or 17-40"));
    CHECK_THAT(refusal("99-101"), Contains("no point 101"));
    CHECK_THAT(refusal("5\n5"), Contains("do not ascend"));
}

TEST_CASE("the chunks of a list are all its points once", "[tools][sweep]") {
    const PointSet set = parsed("3-9\n20\n40-61\n");
    for (const std::uint64_t count : {1u, 2u, 7u, 30u, 45u}) {
        std::string all;
        PointSet joined;
        for (std::uint64_t number = 1; number <= count; ++number) {
            const PointSet chunk = chunk_of(set, number, count);
            CHECK(count_of(chunk) <= 30 / count + 1);
            for (const PointRange& range : chunk) {
                for (std::uint64_t point = range.begin; point < range.end; ++point)
                    add_point(joined, point);
            }
        }
        CHECK(point_set_text(joined) == "3-9\n20\n40-61\n");
    }
}
