// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/report_output.h"

#include <cerrno>
#include <cstring>

namespace uprobesim {

Result<ReportOutput> ReportOutput::open(const std::string& path) {
    ReportOutput output;
    output.path_ = path;
    if (path.empty()) return output;
    output.file_.reset(std::fopen(path.c_str(), "w"));
    if (output.file_ == nullptr) return user_error(std::strerror(errno), path, "the report cannot be written there");
    return output;
}

void ReportOutput::write(const std::string& report) {
    std::FILE* const to = file_ == nullptr ? stderr : file_.get();
    const bool written = std::fwrite(report.data(), 1, report.size(), to) == report.size() && std::fflush(to) == 0;
    if (!written && file_ != nullptr) throw HostError("write of " + path_, std::strerror(errno));
}

}  // namespace uprobesim
