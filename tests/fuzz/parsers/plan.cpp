// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as a sweep's plan, with its points, and as a list of points.
#include "tools/sweep/plan/plan.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/fuzz/parsers/check.h"
#include "tools/sweep/plan/point_set.h"
#include "tools/sweep/plan/points.h"

using namespace uprobesim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    check_refusal(parse_point_set(text, kMaxPoints, "points.txt"));
    const auto plan = parse_plan({"plan.toml", text});
    check_refusal(plan);
    if (!plan) return 0;
    const auto points = Points::make(*plan, "v6.12", "generic-a72");
    check_refusal(points);
    if (!points) return 0;
    for (const std::uint64_t point : {std::uint64_t{0}, points->size() / 2, points->size() - 1}) {
        points->options(point, true);
        points->parameters(point);
        points->group(point);
        points->hash(point, 0);
    }
    return 0;
}
