// SPDX-License-Identifier: GPL-2.0-or-later
// What CPUs have waited for each other's lines and locks, and what of contention is not modelled.
#pragma once

#include <nlohmann/json.hpp>

#include "tools/format/document.h"
#include "tools/report/report.h"

namespace uprobesim {

// Each kind of line with its transfers by tier; nothing where no CPU waited.
Table line_table(const RunReport& report);
// Each probe, the most waited for first; nothing where only one was.
Table waiting_probe_table(const RunReport& report);
// For runs of several CPUs with probes: what is modelled and what is not.
Lines contention_lines(const RunReport& report);
// The same in half a sentence.
std::string contention_note(const RunReport& report);

// "3 same cluster, 5 same die": transfers by tier; empty: none.
std::string transfers_text(const LineUse& use);
nlohmann::ordered_json line_use_json(const LineUse& use);
// Of "contention" in the JSON of a run; nothing for one CPU.
nlohmann::ordered_json contention_json(const RunReport& report);

}  // namespace uprobesim
