// SPDX-License-Identifier: GPL-2.0-or-later
// One hit on several kernels and machines: what it costs on each. A machine that differs in prices
// only takes the counts of the first one's run.
#pragma once

#include "tools/explain/explain.h"

namespace uprobesim {

struct ExplainGrid {
    std::vector<ExplainReport> machines;  // one or more, with the same kernels
};

tl::expected<ExplainGrid, RunRefused> explain_machines(const ExplainRequest& request,
                                                       const std::vector<std::string>& machines);

// CSV has the table.
Document explain_grid_document(const ExplainGrid& grid);
std::string explain_grid_json(const ExplainGrid& grid);

}  // namespace uprobesim
