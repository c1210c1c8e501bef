// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/report_output.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace uprobesim {

Result<ReportOutput> ReportOutput::open(const std::string& path, std::FILE* standard) {
    ReportOutput output;
    output.standard_ = standard;
    if (path == "-") output.standard_ = stdout;
    if (path.empty() || path == "-") return output;
    output.path_ = path;
    output.file_.reset(std::fopen(path.c_str(), "w"));
    if (output.file_ == nullptr)
        return user_error(std::strerror(errno), path, "the report cannot be written there");
    return output;
}

bool ReportOutput::on_terminal() const {
    return file_ == nullptr && isatty(fileno(standard_)) != 0;
}

void ReportOutput::write(const std::string& report) {
    std::FILE* const to = file_ == nullptr ? standard_ : file_.get();
    const bool written =
        std::fwrite(report.data(), 1, report.size(), to) == report.size() && std::fflush(to) == 0;
    // stderr may be closed on purpose; whoever reads stdout wants all of it, but a reader that left
    // has what it wanted.
    if (!written && to != stderr && errno != EPIPE)
        throw HostError("write of " + (path_.empty() ? "stdout" : path_), std::strerror(errno));
}

}  // namespace uprobesim
