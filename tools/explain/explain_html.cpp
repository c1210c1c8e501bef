// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "tools/explain/explain.h"
#include "tools/format/document_writers.h"
#include "tools/html/page.h"

namespace uprobesim {

std::string explain_html(const ExplainReport& report) {
    const ExplainedRun& run = report.runs.front();
    return html_page("explain",
                     {.title = report.exception == nullptr
                                   ? fmt::format("A hit of {}: uprobesim explain", run.instruction)
                                   : fmt::format("{}: uprobesim explain", exception_title(report)),
                      .json = explain_report_json(report, false),
                      .text = document_text(explain_document(report), {.all = true})});
}

}  // namespace uprobesim
