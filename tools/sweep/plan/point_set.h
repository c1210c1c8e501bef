// SPDX-License-Identifier: GPL-2.0-or-later
// Some of a plan's points: all, those that a file names, one of N parts of these.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

// Numbers of points, from 0; `end` is no more one of them.
struct PointRange {
    std::uint64_t begin = 0, end = 0;
};

// Ranges ascend and do not overlap.
using PointSet = std::vector<PointRange>;

std::uint64_t count_of(const PointSet& set);
// A point that is greater than all there are.
void add_point(PointSet& set, std::uint64_t point);
// Part `number` of `count`, from 1: parts differ by one point at most.
PointSet chunk_of(const PointSet& set, std::uint64_t number, std::uint64_t count);

// A line for each range, numbers from 1, as people see them: "12" or "17-40".
std::string point_set_text(const PointSet& set);
// `points`: how many the plan has. `file`: for messages.
Result<PointSet> parse_point_set(const std::string& text, std::uint64_t points,
                                 const std::string& file);

}  // namespace uprobesim
