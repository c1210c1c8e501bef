// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/request/prepared_report.h"

#include "sim/base/try.h"
#include "tools/cli/report_output.h"

namespace uprobesim {

Result<int> write_report(const PreparedReport& prepared, const ReportOptions& options, bool lines) {
    auto output = TRY(ReportOutput::open(options.output, stdout));
    const auto report = TRY(prepared());
    const bool whole = options.format == ReportFormat::Json ||
                       options.format == ReportFormat::Html || options.format == ReportFormat::Svg;
    output.write(lines && report.lines && !whole
                     ? report.lines()
                     : TRY(report_text(report.forms, options, output.on_terminal())));
    if (report.other_files) TRY(report.other_files());
    return report.status;
}

}  // namespace uprobesim
