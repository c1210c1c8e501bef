// SPDX-License-Identifier: GPL-2.0-or-later
// A report's section on probes that came to programs that ran: when, where, and what it took.
#pragma once

#include "tools/format/document.h"
#include "tools/report/report.h"

namespace uprobesim {

// When and where; nothing in a report without.
Facts attach_facts(const RunReport& report);
// The work of whoever attaches, by kernel path.
Table attach_table(const RunReport& report);

}  // namespace uprobesim
