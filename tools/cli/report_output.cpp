// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/report_output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sim/base/try.h"

namespace uprobesim {

Result<ReportOutput> ReportOutput::open(const std::string& path, std::FILE* standard) {
    ReportOutput output;
    output.standard_ = path == "-" ? stdout : standard;
    if (!path.empty() && path != "-") output.file_ = TRY(OutputFile::open(path, "report"));
    return output;
}

bool ReportOutput::on_terminal() const {
    return !file_ && isatty(fileno(standard_)) != 0;
}

void ReportOutput::write(const std::string& report) {
    if (file_) {
        file_->write(report);
        file_->commit();
        return;
    }
    const bool written = std::fwrite(report.data(), 1, report.size(), standard_) == report.size() &&
                         std::fflush(standard_) == 0;
    if (!written)
        throw HostError(
            standard_ == stderr ? "write of the report to stderr" : "write of the report to stdout",
            std::strerror(errno));
}

}  // namespace uprobesim
