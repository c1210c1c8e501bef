// SPDX-License-Identifier: GPL-2.0-or-later
// A report in the form that -f asks for, each made only where it is asked for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tools/cli/report_options.h"
#include "tools/picture/chart.h"

namespace uprobesim {

struct ReportForms {
    std::function<Document()> document;
    std::function<std::string()> json;
    std::function<std::vector<Chart>()> charts = {};  // nothing: the page has none
    std::function<std::string()> costs = {};          // of the page's sliders; nothing: it has none
};

// Error: --sort names no column of it.
Result<std::string> report_text(const ReportForms& forms, const ReportOptions& options,
                                bool on_terminal);
// After a run, which is not lost to a wrong column.
std::string report_text_anyway(const ReportForms& forms, const ReportOptions& options,
                               bool on_terminal);

}  // namespace uprobesim
