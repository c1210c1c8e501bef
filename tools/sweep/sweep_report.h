// SPDX-License-Identifier: GPL-2.0-or-later
// What is said of a sweep's results, for people and for programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/format/document.h"
#include "tools/sweep/figures.h"
#include "tools/sweep/indices/sobol.h"
#include "tools/sweep/plan/points.h"
#include "tools/sweep/result_store.h"
#include "tools/sweep/slurm.h"
#include "tools/sweep/sweep.h"

namespace uprobesim {

// A plan's points, in its order, with what is known of each.
struct SweepResults {
    std::string plan;  // its file
    const Points* points = nullptr;
    std::vector<std::optional<PointResult>> results;
    std::vector<std::string> notes;  // of the runs that points were priced from, each once
    std::uint64_t from_last = 0;     // points whose result is in the last of the stores
    std::uint64_t strangers = 0;     // rows of parts that belong to no point of the plan
    SlurmStatus slurm;

    SweepCounts counts() const;
};
// From several files: a result goes before a failure, and the first of two results counts.
Result<SweepResults> collect_results(const Points& points, PointKeys& keys,
                                     std::vector<ResultStore>& stores);

// The names of all figures, or `wanted`, of which each must be there.
Result<std::vector<std::string>> wanted_figures(const SweepResults& results,
                                                const std::vector<std::string>& wanted);

// CSV has the counts.
Document sweep_status_document(const SweepResults& results);
std::string sweep_status_json(const SweepResults& results);

// CSV has the points. `figures`: those wanted; all, if none is named. Error: no point has one.
Result<Document> sweep_document(const SweepResults& results,
                                const std::vector<std::string>& figures);
std::string sweep_json(const SweepResults& results);

// Of a figure, by combination of the axes that are not sampled.
struct CombinationIndices {
    std::string combination;
    std::string figure;
    SobolIndices indices;
};
Result<std::vector<CombinationIndices>> indices_of(const SweepResults& results,
                                                   const std::vector<std::string>& figures);
// How the indices are estimated, for people.
std::string estimators_text();
Document indices_document(const Points& points, const std::vector<CombinationIndices>& all);
std::string indices_json(const Points& points, const std::vector<CombinationIndices>& all);

}  // namespace uprobesim
