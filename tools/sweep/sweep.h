// SPDX-License-Identifier: GPL-2.0-or-later
// A plan carried out: what is missing in the results is run or priced, and stored as soon as it is
// finished.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/sweep/identity.h"
#include "tools/sweep/plan/point_set.h"
#include "tools/sweep/plan/points.h"
#include "tools/sweep/result_store.h"
#include "tools/sweep/sweep_progress.h"

namespace uprobesim {

// The keys of a plan's points.
class PointKeys {
public:
    PointKeys(const Points& points, Identity identity)
        : points_(points), identity_(std::move(identity)) {}

    Result<std::uint64_t> key(std::uint64_t point);
    // Of the run from which the points of this one's group are priced.
    Result<std::string> run_key(std::uint64_t point);

private:
    struct RunKey {
        std::string key;
        std::uint64_t hash = 0;  // where those of its points begin
    };
    Result<const RunKey*> run_of(std::uint64_t point);

    const Points& points_;
    Identity identity_;
    std::map<std::uint64_t, RunKey> runs_;  // by group
    // Of the last point: the next one is mostly of the same group.
    std::uint64_t last_group_ = 0;
    const RunKey* last_ = nullptr;
};

struct SweepRequest {
    std::string tool;  // the program that is started for each run
    std::size_t jobs = 1;
    bool retry_failed = false;
    // Of the command `run` with probes that come late: points that are the same until then may have
    // one start.
    bool share_starts = false;
    PointSet points;
};

// Whether points that differ in cost parameters only are priced from one run.
bool shares_runs(const Plan& plan);

// What the results do not have yet; with `retry_failed` also what failed.
Result<PointSet> missing_points(const Points& points, PointKeys& keys,
                                std::vector<ResultStore>& stores, bool retry_failed);

Result<SweepCounts> run_sweep(const SweepRequest& request, const Points& points, PointKeys& keys,
                              ResultStore& store);

}  // namespace uprobesim
