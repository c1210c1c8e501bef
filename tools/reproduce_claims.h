// SPDX-License-Identifier: GPL-2.0-or-later
// What the thread says in words, and its programs' tables, held against simulated hits.
#pragma once

#include <vector>

#include "tools/reproduce.h"

namespace uprobesim {

std::vector<ImpliedHits> implied_grep_hits(const std::vector<PublishedTable>& published, const Reproduction& simulated);
std::vector<ImpliedCost> implied_redis_costs(const std::vector<PublishedTable>& published,
                                             const Reproduction& simulated);
std::vector<Claim> check_claims(const Reproduction& simulated);

}  // namespace uprobesim
