// SPDX-License-Identifier: GPL-2.0-or-later
// The places that probe specs name, and how often each is hit.
#pragma once

#include <string>
#include <vector>

#include "probes/target/spec.h"
#include "tools/estimate/estimate.h"
#include "tools/estimate/hit_counts.h"
#include "tools/list/list_files.h"
#include "tools/simulation/probe_list.h"

namespace uprobesim {

// One target for each place, in the order of the specs. What a pattern leaves out is noted.
Result<std::vector<EstimateTarget>> estimate_targets(const std::vector<AttachedSpec>& specs,
                                                     const ListFiles& files,
                                                     std::vector<std::string>& notes);

// Hits a second of those targets that are counted; what is counted and not among the targets is
// noted, and so is what is not counted.
Outcome apply_counts(std::vector<EstimateTarget>& targets, const HitCounts& counts, double seconds,
                     std::vector<std::string>& notes);

}  // namespace uprobesim
