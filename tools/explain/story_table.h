// SPDX-License-Identifier: GPL-2.0-or-later
// What happens in one run, as rows of a table: what each event cost, and the sum so far.
#pragma once

#include "tools/explain/explain.h"
#include "tools/format/document.h"

namespace uprobesim {

Table story_table(const MachineProfile& machine, const ExplainedRun& run);

}  // namespace uprobesim
