// SPDX-License-Identifier: GPL-2.0-or-later
// Which points a sweep is about, and where its results are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "tools/cli/command_line.h"
#include "tools/sweep/plan/point_set.h"
#include "tools/sweep/plan/points.h"
#include "tools/sweep/result_store.h"

namespace uprobesim {

// --chunk I/N
struct Chunk {
    std::uint64_t number = 1, count = 1;

    std::string name() const;  // "chunk-3-of-40"
};
Result<Chunk> read_chunk(const CommandLine& line);

// --only FILE and --chunk, of all points of the plan.
Result<PointSet> read_points(const CommandLine& line, const Points& points, const Chunk& chunk);

constexpr std::string_view kPlanSuffix = ".toml";
// "PLAN" of PLAN.toml
std::string plan_stem(const std::string& plan);
// --parts, or PLAN.parts.
std::string parts_folder(const CommandLine& line, const std::string& plan);

// Where `run` stores: --parts, --results, or a file beside the plan.
Result<ResultStore> open_results(const CommandLine& line, const std::string& plan,
                                 const Chunk& chunk);

// What the others read: `named`, or the plan's own file, those of its chunks and its folder of
// parts. A folder is all parts in it. Those that are named must be there.
struct OpenResults {
    std::vector<ResultStore> stores;
    bool has_parts = false;  // the last of the stores
};
Result<OpenResults> open_results_to_read(const CommandLine& line, const std::string& plan,
                                         const Words& named);

}  // namespace uprobesim
