// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/report_output.h"

#include <fcntl.h>
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
    constexpr int kFlags = O_WRONLY | O_CREAT | O_CLOEXEC;
    constexpr mode_t kMode = 0666;  // less the umask, as fopen makes files
    int fd = ::open(path.c_str(), kFlags | O_EXCL, kMode);
    const bool made = fd >= 0;
    if (!made) fd = ::open(path.c_str(), kFlags, kMode);
    if (fd < 0) return user_error(std::strerror(errno), path, "the report cannot be written there");
    std::FILE* const file = fdopen(fd, "w");
    if (file == nullptr) throw HostError("fdopen", std::strerror(errno));
    output.file_ = {file, Close{made ? path : std::string()}};
    return output;
}

void ReportOutput::Close::operator()(std::FILE* file) const {
    std::fclose(file);
    if (!made.empty()) unlink(made.c_str());
}

bool ReportOutput::on_terminal() const {
    return file_ == nullptr && isatty(fileno(standard_)) != 0;
}

void ReportOutput::write(const std::string& report) {
    std::FILE* const to = file_ == nullptr ? standard_ : file_.get();
    if (file_ != nullptr) {
        file_.get_deleter().made.clear();
        // A pipe or a device has no length.
        if (ftruncate(fileno(to), 0) != 0 && errno != EINVAL)
            throw HostError("truncation of " + path_, std::strerror(errno));
    }
    const bool written =
        std::fwrite(report.data(), 1, report.size(), to) == report.size() && std::fflush(to) == 0;
    // stderr may be closed on purpose; whoever reads stdout wants all of it, but a reader that left
    // has what it wanted.
    if (!written && to != stderr && errno != EPIPE)
        throw HostError("write of " + (path_.empty() ? "stdout" : path_), std::strerror(errno));
}

}  // namespace uprobesim
