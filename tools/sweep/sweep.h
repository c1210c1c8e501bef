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
#include "tools/sweep/points.h"
#include "tools/sweep/result_store.h"
#include "tools/sweep/sweep_progress.h"

namespace uprobesim {

// The keys of a plan's points.
class PointKeys {
public:
    PointKeys(const Points& points, Identity identity)
        : points_(points), identity_(std::move(identity)) {}

    Result<std::string> key(std::uint64_t point);
    // Of the run from which the points of this one's group are priced.
    Result<std::string> run_key(std::uint64_t point);

private:
    const Points& points_;
    Identity identity_;
    std::map<std::uint64_t, std::string> run_keys_;  // by group
};

struct SweepRequest {
    std::string tool;  // the program that is started for each run
    std::size_t jobs = 1;
    bool retry_failed = false;
    PointRange range;
};

// Whether points that differ in cost parameters only are priced from one run.
bool shares_runs(const Plan& plan);

Result<SweepCounts> run_sweep(const SweepRequest& request, const Points& points, PointKeys& keys,
                              ResultStore& store);

}  // namespace uprobesim
