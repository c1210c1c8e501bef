// SPDX-License-Identifier: GPL-2.0-or-later
// What a part of a run has counted: the difference of what was counted at its end and at its
// beginning.
#pragma once

#include "sim/cost/prices.h"
#include "tools/report/report.h"

namespace uprobesim {

// Replaces the counts of `report` by what `to` has more than `from`; rows with nothing are left
// out. Names come from `report`, whose counts are those of the whole run.
void count_only(RunReport& report, const RunReport& from, const RunReport& to,
                const PriceList& prices);

}  // namespace uprobesim
