// SPDX-License-Identifier: GPL-2.0-or-later
// Reports of `run -f json` and `compare -f json`, read back: counts and cycles, not what was worked
// out from them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "tools/report/report.h"

namespace uprobesim {

struct SavedRun {
    std::string label;  // of a comparison's column; empty for a run
    RunReport report;
};

// Every mistake is one line that names the file and the place in it.
Result<std::vector<SavedRun>> read_report_file(const std::string& path);
Result<std::vector<SavedRun>> parse_report(std::string_view text, std::string_view file_name);

}  // namespace uprobesim
