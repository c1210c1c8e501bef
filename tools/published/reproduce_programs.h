// SPDX-License-Identifier: GPL-2.0-or-later
// The published tables of programs, held against simulated hits.
#pragma once

#include <vector>

#include "tools/published/reproduce.h"

namespace uprobesim {

// What would have to be true for `program`'s table, at the cost of the hits in `simulated` that its
// rows name.
TurnedTable turn_round(const std::vector<PublishedTable>& published, const PublishedTable& program,
                       const Reproduction& simulated);

}  // namespace uprobesim
